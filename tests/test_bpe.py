"""Byte-pair encoding beside the libraries that models are trained with, on texts and bytes that Hypothesis makes."""

from __future__ import annotations

import json
import runpy
import string
from pathlib import Path
from typing import Any

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from fasttrack import bpe

SEEN = "".join(("The cat sat. It's 2026: naïve Straße, Привет! 日本語 😀 ", "def f(x):\n    return x\n")) * 20
TOKENIZER = bpe.Tokenizer.train(SEEN, 310, special=["<|endoftext|>", "<|user|>"])

# Letters that one library's Unicode has and another's does not yet are cut differently: category Cn leaves them out.
KNOWN = st.characters(exclude_categories=("Cs", "Cn"))
ANYTHING = st.text(st.characters(exclude_categories=("Cs",)))  # all that UTF-8 can spell
FEW = st.text(st.sampled_from("ab \n'\x01é日"), max_size=120)  # pairs repeat, and most counts tie
MARKED = st.lists(
    st.one_of(ANYTHING, st.sampled_from(["<|endoftext|>", "<|user|>", "<|", "|>", "endoftext"]))
).map("".join)


def library(text: str, vocab_size: int) -> tuple[Tokenizer, list[bpe.Pair]]:
    """The library trained on the text as a whole, and its merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [text], trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    )
    model = json.loads(tokenizer.to_str())["model"]
    return tokenizer, [(model["vocab"][left], model["vocab"][right]) for left, right in model["merges"]]


@settings(deadline=None)
@given(text=st.one_of(FEW, st.text(KNOWN)), extra=st.integers(0, 60))
def test_merges_are_those_of_the_library_in_the_same_order(text: str, extra: int) -> None:
    assert bpe.train_bpe(text, 256 + extra) == library(text, 256 + extra)[1]


def test_merges_of_a_long_text_are_those_of_the_library() -> None:
    text = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks/bpe.py"))["python_text"](200_000)
    assert bpe.train_bpe(text, 1500) == library(text, 1500)[1]


@settings(deadline=None)
@given(trained_on=FEW, text=st.one_of(FEW, st.text(KNOWN)))
def test_ids_are_those_of_the_library(trained_on: str, text: str) -> None:
    tokenizer, merges = library(trained_on, 290)
    assert bpe.encode(text, merges) == tokenizer.encode(text).ids


@settings(deadline=None)
@given(text=st.one_of(FEW, ANYTHING, MARKED))
def test_ids_are_those_of_tiktoken_with_our_merges(text: str) -> None:
    theirs = tiktoken.Encoding(
        "ours",
        pat_str=bpe.PATTERN,
        mergeable_ranks={token: i for i, token in enumerate(bpe.build_vocab(TOKENIZER.merges))},
        special_tokens=TOKENIZER.special,
    )
    assert TOKENIZER.encode(text) == theirs.encode(text, disallowed_special=())
    allowed = set(TOKENIZER.special)
    assert TOKENIZER.encode(text, allowed) == theirs.encode(text, allowed_special=allowed)


@settings(deadline=None)
@given(text=st.one_of(ANYTHING, MARKED))
def test_every_text_comes_back(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text
    assert TOKENIZER.decode(TOKENIZER.encode(text, TOKENIZER.special)) == text
    assert "".join(bpe.split_chunks(text)) == text


@given(data=st.binary())
def test_every_byte_comes_back_also_where_it_is_no_text(data: bytes) -> None:
    ids = bpe.encode_chunk(bpe.bytes_to_ids(data), bpe.ranks_of(TOKENIZER.merges))
    assert TOKENIZER.decode_bytes(ids) == data
    assert TOKENIZER.decode(ids) == data.decode("utf-8", "replace")


@given(ids=st.lists(st.integers(0, TOKENIZER.vocab_size - 1)))
def test_any_ids_can_be_decoded(ids: list[int]) -> None:
    assert TOKENIZER.decode(ids) == TOKENIZER.decode_bytes(ids).decode("utf-8", "replace")


@given(text=MARKED)
def test_no_text_makes_a_special_token_unless_it_is_allowed(text: str) -> None:
    first = min(TOKENIZER.special.values())
    assert all(i < first for i in TOKENIZER.encode(text))
    only = TOKENIZER.encode(text, ["<|user|>"])
    assert only.count(TOKENIZER.special["<|user|>"]) == text.count("<|user|>")
    assert TOKENIZER.special["<|endoftext|>"] not in only


def test_the_longer_of_two_special_tokens_counts() -> None:
    tokenizer = bpe.Tokenizer([], ["<a", "<a>", "."])
    assert tokenizer.encode("<a><a.x", tokenizer.special) == [257, 256, 258, *bpe.text_to_ids("x")]


def test_a_special_token_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError):
        TOKENIZER.encode("a [END]", ["[END]"])


def test_vocabularies_are_nested() -> None:
    assert bpe.train_bpe(SEEN, 280) == bpe.train_bpe(SEEN, 310)[:24]


def test_special_tokens_come_last_and_count() -> None:
    assert TOKENIZER.vocab_size == len(TOKENIZER.vocab) == 310
    assert TOKENIZER.special == {"<|endoftext|>": 308, "<|user|>": 309}
    assert TOKENIZER.vocab[308] == b"<|endoftext|>"


def test_a_tokenizer_is_the_same_after_saving_and_loading(tmp_path: Path) -> None:
    TOKENIZER.save(tmp_path / "tokenizer.json")
    loaded = bpe.Tokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.merges == TOKENIZER.merges
    assert loaded.vocab == TOKENIZER.vocab
    assert loaded.special == TOKENIZER.special
    assert loaded.encode(SEEN, loaded.special) == TOKENIZER.encode(SEEN, TOKENIZER.special)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"merges": [[0, 999]], "special": []}', "é"])
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.json: this file was not written by Tokenizer\.save"):
        bpe.Tokenizer.load(path)


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        bpe.encode("\ud800", [])


def test_the_numbering_of_the_bytes_is_that_of_the_library() -> None:
    alphabet: list[Any] = sorted(pre_tokenizers.ByteLevel.alphabet())
    printed = string.ascii_letters + string.digits + string.punctuation
    assert [alphabet.index(character) for character in printed] == bpe.text_to_ids(printed)


def test_training_counts_only_what_changes() -> None:
    """The speed that benchmarks/bpe.py measures, as work: the chunks that are looked at, not a time."""
    index = bpe.PairIndex([[1, 2], [3, 4], [1, 2, 3]], [5, 1, 1])
    untouched = index.chunks[1]
    index.merge((1, 2), 256)
    assert index.chunks == [[256], [3, 4], [256, 3]]
    assert index.chunks[1] is untouched
    assert index.counts == {(3, 4): 1, (256, 3): 1}
    assert index.where == {(3, 4): {1}, (256, 3): {2}}
