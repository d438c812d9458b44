"""How good an answer is, word by word. The functions are those of lesson 11/03, typed and under the same checks."""

from __future__ import annotations

from collections import Counter

from fasttrack.rag.prompt import words


def token_f1(answer: str, gold: str) -> float:
    """The harmonic mean of precision and recall over words, each as often as it occurs (SQuAD's, articles kept).

    Words are lower-case, without punctuation. 0 if no word is shared or one side has none.
    """
    got, want = Counter(words(answer)), Counter(words(gold))
    shared = (got & want).total()
    return 2 * shared / (got.total() + want.total()) if shared else 0.0
