"""Texts as vectors: what the checks of lesson 11/02 do not cover."""

from __future__ import annotations

import math

import pytest
import torch

from fasttrack.rag.dense import LSA, BiEncoder, Terms, cosine, embed, inverse_cloze, train

CARS = ["my car has new engine", "automobile diesel engine", "garage my car", "bread flour water"]
DOCUMENTS = [text.split() for text in CARS]


def test_tfidf_is_the_root_of_the_count_times_idf() -> None:
    terms = Terms([["a", "a", "a", "a", "b"], ["b"], ["c"]])
    assert terms.vocab == {"a": 1, "b": 2, "c": 3}
    rare, common = math.log(4 / 2), math.log(4 / 3)
    torch.testing.assert_close(terms.idf, torch.tensor([rare, common, rare]))
    row = torch.tensor([2 * rare, common, 0.0])
    torch.testing.assert_close(terms.tfidf([["a", "b", "a", "a", "a", "unknown"]])[0], row / row.norm())
    assert terms.tfidf([["unknown"], []]).abs().max() == 0


def test_ids_are_cut_and_filled_up_and_unknown_terms_left_out() -> None:
    terms = Terms([["a", "b", "c"]])
    assert terms.ids([["b", "x", "a", "c"], ["c"], []], 2).tolist() == [[2, 1], [3, 0], [0, 0]]


def test_lsa_brings_words_together_that_never_meet() -> None:
    lsa = LSA(DOCUMENTS, 2)
    vectors = lsa.embed(DOCUMENTS)
    near = cosine(lsa.embed([["automobile"]]), vectors)[0]
    torch.testing.assert_close(near, torch.tensor([1.0, 1, 1, 0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    assert lsa.embed([["unknown"]]).abs().max() == 0


def test_lsa_says_that_it_has_no_room() -> None:
    with pytest.raises(ValueError, match="size is 5: \\(4, 12\\) has room for 1 to 4"):
        LSA([*DOCUMENTS[:3], ["bread", "flour", "water", "salt"]], 5)


def test_inverse_cloze_pairs_a_sentence_with_the_rest() -> None:
    sentences = [list("abcd"), list("e"), list("fghi")]
    assert list(inverse_cloze(sentences)) == [(list("abcd"), list("efghi")), (list("fghi"), list("abcde"))]
    assert list(inverse_cloze([list("abcd")])) == []


def test_training_makes_pairs_alike_and_is_reproducible() -> None:
    generator = torch.Generator().manual_seed(0)
    questions = torch.randint(1, 20, (60, 4), generator=generator)
    pairs = (questions, questions + 20, torch.arange(60))
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        encoder = BiEncoder(41, 16)
        losses = train(encoder, pairs, steps=60, lr=0.05, batch_size=32)
        runs.append((losses, embed(encoder, questions)))
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    assert runs[0][0] == runs[1][0]
    assert torch.equal(runs[0][1], runs[1][1])
    assert not runs[0][1].requires_grad


def test_embedding_in_batches_changes_nothing() -> None:
    encoder = BiEncoder(10, 4)
    ids = torch.randint(0, 10, (7, 3), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(embed(encoder, ids, batch_size=2), encoder(ids).detach())
