"""Flashcards: the recap questions of every lesson, asked again when they are about to be forgotten.

`deck` reads them from the released notebooks, `schedule` knows when each is due (FSRS), `quiz` asks in the terminal,
`anki` writes them for Anki. None of it imports PyTorch.
"""

from fasttrack.cards.deck import Card, NoSuchLesson, choose, deck

__all__ = ["Card", "NoSuchLesson", "choose", "deck"]
