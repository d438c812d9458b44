"""Checks of 09_finetuning/03_instruction, on measuring answers. Oracles: token by token; counts by hand."""

from __future__ import annotations

import random
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import integers, normal


@check
def exact_match(learner: Any, seed: int) -> None:
    """Whether each whole answer is the likeliest. Oracle: one token after the other."""
    for k, (batch, time, vocab_size) in enumerate(((15, 6, 4), (1, 2, 3), (9, 4, 3), (4, 7, 11))):
        logits = normal(seed + k, batch, time, vocab_size)
        ids = integers(seed + 30 + k, vocab_size, batch, time)
        said = integers(seed + 60 + k, 2, batch, time).bool()
        said[:, 0] = False
        said[:, -1] |= ~said.any(1)  # each row has an answer
        best = logits.argmax(-1)
        for row in range(batch):  # every other row: right where it counts, or all but one token of it
            places = said[row].nonzero()[:, 0].tolist()
            for at in places:
                ids[row, at] = best[row, at - 1]
            if row % 3 == 1:
                ids[row, places[-1]] = (ids[row, places[-1]] + 1) % vocab_size
            if row % 3 == 2:
                ids[row, places[0]] = (ids[row, places[0]] + 1) % vocab_size
        hits = [
            [bool(best[row, at - 1] == ids[row, at]) for at in range(1, time) if said[row, at]]
            for row in range(batch)
        ]
        want = torch.tensor([all(line) for line in hits])
        unshifted = [
            [bool(best[row, at] == ids[row, at]) for at in range(time) if said[row, at]]
            for row in range(batch)
        ]
        every = (best[:, :-1] == ids[:, 1:]).all(1)
        mistakes = {
            "position t predicts token t + 1": torch.tensor([all(line) for line in unshifted]),
            "the mask says whose token it is: compare it shifted, as the ids": torch.tensor(
                [
                    all(bool(best[row, at] == ids[row, at + 1]) for at in range(time - 1) if said[row, at])
                    for row in range(batch)
                ]
            ),
            "all of the answer must be right, not one token of it": torch.tensor(
                [any(line) for line in hits]
            ),
            "only the answer's tokens count, not the prompt's": every,
            "one verdict for each row, not the share of all": want.float().mean(),
            "a share of tokens is another measure: an answer is right or wrong": torch.tensor(
                [sum(line) / len(line) for line in hits]
            ),
            "bool: right or not": want.float(),
        }
        expect(learner, logits, ids, said).equals(
            want,
            mistakes={
                words: wrong
                for words, wrong in mistakes.items()
                if wrong.shape != want.shape or wrong.dtype != want.dtype or not torch.equal(wrong, want)
            },
        )


@check
def refusals(learner: Any, seed: int) -> None:
    """Two shares. Oracle: counted by hand."""
    draw = random.Random(seed)
    refusal = "The story does not say."
    words = ("mill", "red", "Mara", refusal)
    cases: list[tuple[list[str], list[str]]] = [
        (["mill", refusal, "red", refusal, "Mara"], ["mill", refusal, refusal, "red", "inn"]),
        ([refusal, refusal, "red"], [refusal, refusal, refusal]),
        ([refusal, "mill", "mill"], ["mill", "mill", "red"]),
    ]
    for _ in range(4):
        wanted = [*draw.choices(words, k=draw.randint(5, 20)), refusal, "mill"]
        cases.append((wanted, [draw.choice((one, refusal, "inn")) for one in wanted]))
    for wanted, given in cases:
        pairs = list(zip(wanted, given, strict=True))
        none = [g for w, g in pairs if w == refusal]
        some = [g for w, g in pairs if w != refusal]
        right, wrong = none.count(refusal) / len(none), some.count(refusal) / len(some)
        refused = given.count(refusal)
        want = (right, wrong)
        mistakes: dict[str, Any] = {
            "first the right refusals, then the wrong ones": (wrong, right),
            "wrong refusals are a share of the questions that have an answer": (
                right,
                some.count(refusal) / len(wanted),
            ),
            "each is a share of its own kind of question, not of all": (
                none.count(refusal) / len(wanted),
                some.count(refusal) / len(wanted),
            ),
            "a wrong answer is no refusal: compare with the refusal, not with what was wanted": (
                right,
                sum(w != g for w, g in pairs if w != refusal) / len(some),
            ),
            "shares of the questions, not of the refusals given": (
                none.count(refusal) / max(refused, 1),
                some.count(refusal) / max(refused, 1),
            ),
            "shares, not counts": (none.count(refusal), some.count(refusal)),
            "a tuple of two floats": [right, wrong],
        }
        expect(learner, wanted, given, refusal).close(
            want, mistakes={name: slip for name, slip in mistakes.items() if slip != want}
        )


@check
def look_up(learner: Any, seed: int) -> None:
    """What the notes say of the subject. Oracle: the pairs from which the text was made."""
    draw = random.Random(seed)
    refusal = "The story does not say."
    names, values = (
        ["Mara", "Zoe", "Nils", "kite", "drum", "Ada"],
        ["potter", "weaver", "mill", "red", "Leon"],
    )
    for count in (2, 1, 0, 2, 3, 4, 2, 2):
        subjects = draw.sample(names, count)
        pairs = dict(zip(subjects, draw.choices(values, k=count), strict=True))
        listed = ", ".join(f"{subject} {value}" for subject, value in pairs.items())
        for subject in (*subjects, next(name for name in names if name not in pairs)):
            for end in ("potter", refusal, "Zoe weaver", ""):
                said = f"{listed}: {subject} {end}".strip()
                want = pairs.get(subject, refusal)
                mistakes = {
                    "look in the notes: what stands behind the subject is the model's own guess": end,
                    "notes that do not name the subject: the refusal": KeyError,
                    "notes may be empty: nothing stands before the colon": ValueError,
                    "the subject is the first word behind the colon": next(iter(pairs.values()), refusal),
                    "the subject is the first word behind the colon; the model goes on behind it": refusal
                    if end
                    else want,
                    "the value alone, without its subject": f"{subject} {want}",
                    "a space is left: strip it": f" {want}",
                }
                expect(learner, said, refusal).equals(
                    want, mistakes={words: wrong for words, wrong in mistakes.items() if wrong != want}
                )
    passed = "the text is a model's: what is no pair of two words is passed over"
    for said, want in (
        ("Mara potter, Zoe: Zoe", refusal),
        ("Mara, Zoe weaver: Zoe weaver", "weaver"),
        ("Mara potter mill, Zoe weaver: Mara", refusal),
        ("Mara potter, , Zoe weaver: Zoe", "weaver"),
        ("Mara potter, Mara weaver, Zoe mill: Mara", "potter"),
    ):
        slips: dict[str, Any] = {
            passed: ValueError,
            f"{passed}, one word alone, too": IndexError,
            f"{passed}, and three words": "potter",
            f"{passed}, three words, too": "potter mill",
            "a subject named twice: the first pair counts": "weaver",
        }
        expect(learner, said, refusal).equals(
            want, mistakes={words: wrong for words, wrong in slips.items() if wrong != want}
        )
    for said in ("", "Mara potter", "Mara potter, Zoe weaver:", "Mara potter, Zoe weaver: "):
        expect(learner, said, refusal).equals(
            refusal,
            mistakes={
                "no word behind a colon: the refusal": IndexError,
                "no word behind a colon, then: the refusal": ValueError,
                "no word behind a colon: the refusal, not what stands there": said,
            },
        )
