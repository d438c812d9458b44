"""What fine-tuning on dialogues makes of fables-base and of fables-recall: lesson 09/03 quotes the table.

    python benchmarks/instruction.py

The same fine-tuning as in the lesson, from both models, once with answers in one word alone and once with the lesson's
mixture: most of the dialogues with notes. Shares are of whole answers, in held-out stories and in wordings that were
held out for their subject. "stated", "changed", "unanswerable": right answers by kind of question; "looked up": the
same notes with `look_up` instead of the model's own last step, stated questions; "above": how far the loss on
held-out stories is above the floor afterwards. Seven minutes on two quiet cores.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import torch

from fasttrack.data import fables
from fasttrack.finetune import sft
from fasttrack.finetune.answers import concluded, look_up
from fasttrack.finetune.dialogue import Packed, collate
from fasttrack.finetune.transfer import new_rows
from fasttrack.models.base import fables_base, fables_recall
from fasttrack.models.gpt import GPT
from fasttrack.pretrain import recall
from fasttrack.pretrain.report import read

STEPS, BATCH, PROMPT, SHARE = 340, 8, 0.3, 0.75
STARTS: dict[str, Callable[[], GPT]] = {"fables-base": fables_base, "fables-recall": fables_recall}


def read_before(of_recall: bool) -> torch.Tensor:
    """Which words a model has read: bool `(vocab_size,)`."""
    draw = random.Random(0)
    ids = fables.corpus(200_000, seed=1).tolist()
    for story in fables.stories(500, seed=1) if of_recall else ():
        ids += recall.listed(draw)[0] + recall.retold(story, draw)[0]
    return torch.bincount(torch.tensor(ids), minlength=len(fables.vocabulary())) > 0


def tuned(start: str, share: float) -> GPT:
    """The model after fine-tuning with `share` of the dialogues in notes."""
    model = STARTS[start]()
    with torch.no_grad():
        rows = new_rows(
            model.embedding.weight, read_before(start == "fables-recall"), torch.Generator().manual_seed(0)
        )
        model.embedding.weight.copy_(rows)
    fresh, dice = fables.stories(10**6, seed=7), random.Random(7)

    def batch(step: int) -> Packed:
        documents = sft.examples([next(fresh) for _ in range(BATCH)], dice, notes_share=share)
        return collate(documents, max(len(one.ids) for one in documents), sft.PAD)

    sft.sft(model, batch, steps=STEPS, prompt=PROMPT)
    return model.eval()


def right(model: GPT, style: str) -> dict[str, float]:
    """Shares of right answers by kind of question, and by attribute of the stated ones."""
    asked, hits = Counter[str](), Counter[str]()
    for story in fables.stories(60, seed=5, split="test"):
        for question, said in zip(
            story.questions, sft.replies(model, story, story.questions, style), strict=True
        ):
            given: dict[str, str] = {question.kind: said if style == "word" else concluded(said)}
            if question.kind == "stated":
                given |= {question.attribute: given["stated"], "looked up": look_up(said, fables.UNSAID)}
            for name, answer in given.items():
                asked[name] += 1
                hits[name] += answer == question.answer
    return {name: hits[name] / count for name, count in asked.items()}


def main() -> None:
    torch.set_num_threads(2)
    stories = list(fables.stories(100, seed=9, split="test"))
    print("| from | dialogues | asked for | stated | changed | unanswerable | looked up | above |")
    print("|---|---|---|---|---|---|---|---|")
    for start in STARTS:
        for dialogues, share, styles in (
            ("one word", 0.0, ("word",)),
            ("three in four with notes", SHARE, ("word", "notes")),
        ):
            model = tuned(start, share)
            above = read(model, stories).above
            for style in styles:
                found = right(model, style)
                cells = [f"{found[kind]:.0%}" for kind in ("stated", "changed", "unanswerable")]
                cells.append(f"{found['looked up']:.0%}" if style == "notes" else "")
                print(f"| {start} | {dialogues} | {style} | {' | '.join(cells)} | {above:+.0%} |", flush=True)


if __name__ == "__main__":
    main()
