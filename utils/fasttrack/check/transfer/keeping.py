"""Checks of 09_finetuning/01_transfer, on what is kept: rows, replay, interpolation. Oracles: NumPy, counting."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import transfer as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.transfer.training import parameters

Values = Mapping[str, torch.Tensor]


@check
def train_rows(learner: Any, seed: int) -> None:
    """What reaches a table's rows, with and without the handle. Oracle: the gradient of both uses in NumPy."""
    v, width, n = distinct_sizes(seed, 3)
    v += 3
    for case, (vocab_size, count, dtype) in enumerate(
        ((v, n, torch.float64), (v + 4, 1, torch.float32), (5, 2 * n, torch.float32))
    ):
        table = normal(seed + case, vocab_size, width, dtype=dtype)
        rows = torch.arange(vocab_size) % 3 == (seed + case) % 3
        ids = integers(seed + case, vocab_size, count)
        upstream = normal(seed + case + 9, count, vocab_size, dtype=dtype)
        t, up = table.numpy(), upstream.numpy()
        full = up.T @ t[ids.numpy()]
        np.add.at(full, ids.numpy(), up @ t)
        whole, keep = torch.from_numpy(full), rows[:, None]

        def outcome(grad: Any, after: Any = whole, moved: Any = rows, spared: bool = True) -> dict[str, Any]:
            return {
                "gradient": grad,
                "gradient, again": grad,
                "rows that moved": moved,
                "gradient after handle.remove()": after,
                "still trained": True,
                "a summand beside it keeps its gradient": spared,
            }

        part = torch.where(keep, whole, 0.0)
        everything = torch.ones(vocab_size, dtype=torch.bool)
        across = whole * rows.repeat(2)[:width]
        ask(
            learner,
            fixtures.masked,
            table,
            rows,
            ids,
            upstream,
            called=f"train_rows(table {tuple(table.shape)}, rows), {int(rows.sum())} rows to train",
            errors={
                "the table goes on learning: only the gradients of some of its rows become 0": "does not require grad",
                "rows has one entry for each row: rows[:, None] spreads it over the columns": "must match the size",
            },
        ).close(
            outcome(part),
            mistakes={
                "turned round: `rows` is True where the table is to train": outcome(
                    torch.where(keep, 0.0, whole), moved=~rows
                ),
                "nothing is masked: register a hook on the table, and let it return the new gradient": outcome(
                    whole, moved=everything
                ),
                "rows has one entry for each row: rows[:, None] spreads it over the columns": outcome(
                    across, moved=(across != 0).any(1)
                ),
                "return the handle that register_hook gives, so that the hook can be removed": outcome(
                    part, after=part
                ),
                "your hook writes to the gradient it is given, and another tensor has the same one": outcome(
                    part, spared=False
                ),
            },
            rtol=1e-5,
            atol=1e-6,
        )


def rows(seed: int, count: int, time: int, old: bool) -> torch.Tensor:
    """Rows that no two are alike, those of the old corpus with ids from 1000 on."""
    first = torch.arange(count) + (1000 if old else 10)
    rest = torch.from_numpy(np.random.default_rng(seed).integers(2000, 9000, (count, time - 1)))
    return torch.cat([first[:, None], rest], 1)


@check
def replay(learner: Any, seed: int) -> None:
    """Whole rows of both corpora, in the right number, each as likely as any other. Oracle: counting."""
    draw = random.Random(seed)
    for case, (new_rows, old_rows, batch, share, draws) in enumerate(
        (
            (5, 9, 10, 0.3, 60),
            (7, 4, 8, 0.2, 60),  # 1.6 rows
            (3, 6, 12, 0.7, 50),  # 8.4 rows
            (4, 5, 6, 0.0, 40),
            (5, 3, 4, 1.0, 40),
        )
    ):
        time = draw.randint(3, 7)
        new, old = rows(seed + case, new_rows, time, False), rows(seed + case + 90, old_rows, time, True)
        called = (
            f"replay(new {tuple(new.shape)}, old {tuple(old.shape)}, batch={batch}, share={share}, generator)"
        )
        told = ask(
            learner,
            fixtures.replayed,
            new,
            old,
            batch,
            share,
            seed + case,
            draws,
            called=called,
            errors={
                "each corpus has its own number of rows: draw places for each by itself": "out of bounds"
            },
        ).value
        batches = told["batches"]
        count = math.floor(batch * share + 0.5)
        for one in batches:
            shape = tuple(one.shape) if isinstance(one, torch.Tensor) else None
            require(
                shape == (batch, time) and one.dtype == torch.int64,
                ("called", called),
                ("expected", f"a tensor int64 {(batch, time)}"),
                ("got", f"{one.dtype} {shape}" if shape is not None else str(type(one).__name__)),
            )
            olds = int((one[:, 0] >= 1000).sum())
            named = {
                batch - count: "share is the part of the old corpus, not of the new one",
                math.floor(batch * share): "round, do not cut off: 1.6 rows are 2",
                math.ceil(batch * share): "round to the nearest: 8.4 rows are 8",
            }
            require(
                olds == count,
                ("called", called),
                ("expected", f"{count} rows of the old corpus in every batch"),
                ("got", f"{olds}"),
                *([("mistake", named[olds])] if olds in named else []),
            )
            for row in one:
                source = old if row[0] >= 1000 else new
                whole = bool((source == row).all(1).any())
                require(
                    whole,
                    ("called", called),
                    ("expected", "each row is a row of one corpus"),
                    ("got", "a row that is in neither"),
                )
        for fact in ("the same seed gives the same batches", "torch's own generator is left alone"):
            require(
                told[fact] is True,
                ("called", called),
                ("expected", fact),
                ("mistake", "draw from the generator that was given"),
            )
        for name, source, each in (("new", new, batch - count), ("old", old, count)):
            drawn = Counter(int(row[0]) for one in batches for row in one if int(row[0]) in source[:, 0])
            total, p = draws * each, 1 / len(source)
            slack = 5.5 * math.sqrt(total * p * (1 - p))
            counts = [abs(drawn[first] - total * p) for first in source[:, 0].tolist()]
            place = counts.index(max(counts))
            worst = int(source[place, 0])
            require(
                abs(drawn[worst] - total * p) <= slack,
                ("called", f"{called}, {draws} times"),
                ("expected", f"row {place} of the {name} corpus about {total * p:.0f} times"),
                ("got", f"{drawn[worst]} times"),
                ("mistake", "every row is equally likely each time: torch.randint from 0 to the number of rows"),
            )  # fmt: skip
            if each > 1:
                alike = sum(
                    len({int(row[0]) for row in one if int(row[0]) in source[:, 0]}) == 1 for one in batches
                )
                require(
                    alike < draws or len(source) == 1,
                    ("called", f"{called}, {draws} times"),
                    ("mistake", f"all rows of the {name} corpus in a batch are the same one: draw each"),
                )


@check
def interpolate(learner: Any, seed: int) -> None:
    """The straight line between two models. Oracle: NumPy."""
    draw = random.Random(seed)
    for case, (share, dtype) in enumerate(
        ((0.3, torch.float64), (draw.uniform(0.55, 0.95), torch.float32), (0.0, torch.float32), (1.0, torch.float32))
    ):  # fmt: skip
        before = {name: value.to(dtype) for name, value in parameters(seed + 50 * case, 1 + case).items()}
        after = {
            name: normal(seed + 7 * k, *value.shape, dtype=dtype)
            for k, (name, value) in enumerate(before.items(), 1)
        }

        def mixed(a: float, b: float, before: Values = before, after: Values = after) -> dict[str, Any]:
            return {
                name: torch.from_numpy(a * before[name].numpy() + b * after[name].numpy()).to(value.dtype)
                for name, value in before.items()
            }

        after_order = dict(reversed(after.items()))  # another order of the same names
        expect(learner, before, after_order, share).close(
            mixed(1 - share, share),
            mistakes={
                "turned round: share 0 is the model before": mixed(share, 1 - share),
                "before has to weigh 1 - share": mixed(1, share),
                "before + share * (after - before): the difference is turned round": mixed(1 + share, -share),
                "the middle whatever the share": mixed(0.5, 0.5),
                "after takes part with its share, before with the rest": mixed(1 - share, 1),
                "only what has changed by share, without before": mixed(-share, share),
                "pair them by name: the two may come in another order": RuntimeError("must match"),
            },
            rtol=1e-11 if dtype == torch.float64 else 1e-5,
            atol=1e-12 if dtype == torch.float64 else 1e-6,
        )
        called = f"interpolate(before, after, {share:g})"
        kept = ask(learner, fixtures.kept_tensors, before, after_order, share, called=called).value
        require(
            not kept,
            ("called", called),
            ("expected", "new tensors"),
            ("got", f"a tensor of before or after itself under {', '.join(map(repr, kept[:2]))}"),
            ("mistake", "whoever trains the result would change that model, too: compute or clone"),
        )
