"""The command `python -m fasttrack.pretrain`, alone or under torchrun."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import Progress as Bar

from fasttrack.data import DataUnavailable
from fasttrack.pretrain.corpora import CORPORA
from fasttrack.pretrain.device import flops_per_token, peak_flops, place
from fasttrack.pretrain.presets import PRESETS
from fasttrack.pretrain.run import Progress, Run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)


@app.command(epilog="Several GPUs: torchrun --nproc-per-node 4 -m fasttrack.pretrain …")
def main(
    preset: Annotated[str, typer.Option(help="; ".join(f"{n}: {p.about}" for n, p in PRESETS.items()))],
    folder: Annotated[
        Path, typer.Option("--out", help="Folder of the checkpoint; a run found there goes on.")
    ],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    steps: Annotated[int | None, typer.Option(help="Stop after this update, to go on another time.")] = None,
    compiled: Annotated[bool, typer.Option("--compile", help="torch.compile the model first.")] = False,
    seed: Annotated[int, typer.Option(help="Of the parameters and the batches.")] = 0,
    threads: Annotated[int, typer.Option(help="Of a CPU.")] = 2,
) -> None:
    """Pretrain a GPT, with a checkpoint at every look at the held-out text."""
    if preset not in PRESETS:
        raise typer.BadParameter(f"there is no preset {preset!r}; choose from {', '.join(PRESETS)}")
    torch.set_num_threads(threads)
    chosen = PRESETS[preset]
    try:
        with place(device) as where:
            run = Run(chosen, CORPORA[chosen.corpus](), where, seed, compiled)
            train(run, folder / "run.pt", min(steps or chosen.steps, chosen.steps))
    except (ValueError, DataUnavailable) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None


def train(run: Run, path: Path, until: int) -> None:
    """Go on to update `until`, say how it goes, and write `path` at each look; of several processes, the first one."""
    speaks = run.place.rank == 0
    if path.exists():
        run.load(path)
    parameters = sum(parameter.numel() for parameter in run.model.parameters())
    if speaks:
        out.print(
            f"{parameters:,} parameters on {run.place.world} x {run.place.device}, from update {run.step}"
        )

    with Bar(console=out, disable=not speaks) as bar:
        task = bar.add_task("training", total=until, completed=run.step)

        def look(progress: Progress) -> None:
            if speaks:
                run.save(path)
                floor = run.corpus.floor
                above = f"  {progress.held_out / floor - 1:+.1%} of the floor" if floor else ""
                rate = f"{progress.tokens_per_second:,.0f} tokens/s"
                losses = f"train {progress.train:.4f}  held out {progress.held_out:.4f}"
                out.print(f"{progress.step:>7}  {losses}{above}  {rate}")

        run.go(until, look, lambda step: bar.update(task, completed=step))

    if speaks and run.history:
        rate = median(progress.tokens_per_second for progress in run.history)
        peak, source = peak_flops(run.place.device)
        used = rate * flops_per_token(run.model.config, parameters) / (peak * run.place.world)
        best = min((progress.held_out for progress in run.history), default=math.nan)
        out.print(
            f"{rate:,.0f} tokens/s (median), {used:.0%} of {source}; best held-out loss {best:.4f}: {path}"
        )


if __name__ == "__main__":
    app()
