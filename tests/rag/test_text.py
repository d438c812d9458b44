"""Terms: what the tokenizer takes for a word, and what is left of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasttrack.rag.text import STOP_WORDS, analyze, tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Why is softmax's output `head_size`?", ["why", "is", "softmax", "s", "output", "head", "size"]),
        ("(batch, time) 10,000 √d_k naïve Größe", ["batch", "time", "10", "000", "d", "k", "naïve", "größe"]),
        (" — ", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert tokenize(text) == words


@given(st.text())
def test_every_letter_and_digit_is_in_a_word_and_nothing_else(text: str) -> None:
    assert "".join(tokenize(text)) == "".join(letter for letter in text.lower() if letter.isalnum())


def test_stop_words_go_before_stems_are_taken() -> None:
    assert analyze("This is the training of trained trainers") == ["train", "train", "trainer"]
    assert analyze("being in") == ["be"]  # the stem of "being" is a stop word, "being" is none
    assert len(STOP_WORDS) == 33
