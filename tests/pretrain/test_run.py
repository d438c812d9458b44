"""Runs: resumed bit for bit, the same on two processes, and what the command says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from fasttrack.pretrain import __main__ as command
from fasttrack.pretrain.corpora import CORPORA, Corpus
from fasttrack.pretrain.device import Place, flops_per_token, peak_flops, place
from fasttrack.pretrain.presets import PRESETS
from fasttrack.pretrain.run import Progress, Run
from tests.pretrain.conftest import CPU, TINY, counting


def silent(_: object) -> None:
    pass


def test_it_learns_and_reports(corpus: Corpus) -> None:
    looks: list[Progress] = []
    run = Run(replace(TINY, steps=200, evaluate=100), corpus, CPU)
    run.go(200, looks.append, silent)
    assert [look.step for look in looks] == [100, 200]
    assert looks[-1].held_out < 0.1 < looks[0].train
    assert all(look.tokens_per_second > 0 for look in looks)


@pytest.mark.parametrize("muon_lr", [0.0, 0.02])
def test_a_resumed_run_equals_the_unbroken_one_bit_for_bit(
    corpus: Corpus, tmp_path: Path, muon_lr: float
) -> None:
    preset = replace(TINY, muon_lr=muon_lr)
    unbroken = Run(preset, corpus, CPU)
    unbroken.go(12, silent, silent)
    broken = Run(preset, corpus, CPU)
    broken.go(5, silent, silent)
    broken.save(tmp_path / "run.pt")
    resumed = Run(preset, corpus, CPU, seed=7)
    resumed.load(tmp_path / "run.pt")
    resumed.go(12, silent, silent)
    for a, b in zip(unbroken.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert resumed.history[-1].held_out == unbroken.history[-1].held_out
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_muon_has_the_blocks_matrices_and_adamw_the_rest(corpus: Corpus) -> None:
    run = Run(replace(TINY, muon_lr=0.02), corpus, CPU)
    groups = run.optimizer.param_groups
    assert [group["lr"] for group in groups] == [0.02, 0.01, 0.01]
    assert [group["weight_decay"] for group in groups] == [0.1, 0.1, 0.0]
    mine = {id(parameter) for parameter in groups[0]["params"]}
    assert mine == {id(p) for name, p in run.model.named_parameters() if "blocks" in name and p.dim() == 2}
    assert sum(len(group["params"]) for group in groups) == len(list(run.model.parameters()))
    run.go(1, silent, silent)
    rates = [group["lr"] for group in groups]
    assert rates == pytest.approx([0.02 / 3, 0.01 / 3, 0.01 / 3])  # the first of three steps of warm-up


def test_windows_grow_and_updates_keep_their_tokens(corpus: Corpus) -> None:
    run = Run(replace(TINY, grow=((0, 2), (3, 4), (5, 8))), corpus, CPU)
    seen = []
    for _ in range(6):
        seen.append(run.windows())
        run.update()
    assert seen == [(32, 2)] * 3 + [(16, 4)] * 2 + [(8, 8)]


def test_a_run_of_another_preset_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    Run(TINY, corpus, CPU).save(tmp_path / "run.pt")
    other = Run(replace(TINY, lr=0.5), corpus, CPU)
    with pytest.raises(ValueError, match=r"run\.pt: that run has lr 0\.01, this one 0\.5"):
        other.load(tmp_path / "run.pt")


def test_a_batch_that_cannot_be_shared_out_is_refused(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="a batch of 8 does not divide into 3 processes of 1 parts"):
        Run(TINY, corpus, Place(torch.device("cpu"), 0, 3))


WORKER = """
import sys, torch
from dataclasses import replace
from fasttrack.pretrain.device import place
from fasttrack.pretrain.run import Run
from tests.pretrain.conftest import TINY, counting

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
with place("cpu") as where:
    run = Run(replace(TINY, accumulate=2), counting(), where)
    run.go(6, lambda _: None, lambda _: None)
    torch.save({"model": run.model.state_dict(), "world": where.world}, f"{sys.argv[1]}/{where.rank}.pt")
"""


@pytest.fixture
def double() -> Iterator[None]:
    """float64: keys' biases have gradient 0, and AdamW makes steps of float32's rounding errors there."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
def test_two_processes_make_the_run_of_one(tmp_path: Path) -> None:
    """torchrun, gloo: the same parameters on both, and but for rounding those of a single process."""
    (tmp_path / "worker.py").write_text(WORKER)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*torchrun, tmp_path / "worker.py", tmp_path],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    alone = Run(TINY, counting(), CPU)
    alone.go(6, silent, silent)
    assert first["world"] == 2
    for name, value in alone.model.state_dict().items():
        assert torch.equal(first["model"][name], second["model"][name])
        torch.testing.assert_close(first["model"][name], value, atol=1e-7, rtol=1e-7)


@pytest.fixture
def tiny_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    monkeypatch.setitem(CORPORA, "counting", counting)


@pytest.mark.usefixtures("tiny_preset")
def test_the_command_trains_stops_and_goes_on(tmp_path: Path) -> None:
    runner = CliRunner()
    options = ["--preset", "tiny", "--out", str(tmp_path / "run"), "--device", "cpu"]
    first = runner.invoke(command.app, [*options, "--steps", "5"])
    assert first.exit_code == 0, first.output
    assert "on 1 x cpu, from update 0" in first.output
    second = runner.invoke(command.app, options)
    assert "from update 5" in second.output
    assert "tokens/s (median)" in second.output
    whole = Run(TINY, counting(), CPU)
    whole.go(12, silent, silent)
    saved = torch.load(tmp_path / "run" / "run.pt", weights_only=True)
    assert saved["step"] == 12
    assert all(torch.equal(saved["model"][name], value) for name, value in whole.model.state_dict().items())


@pytest.mark.usefixtures("tiny_preset")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--preset", "huge"], "there is no preset 'huge'; choose from"),
        (["--preset", "tiny", "--device", "tpu"], "there is no device 'tpu'; choose auto, cpu, cuda or mps"),
        pytest.param(
            ["--preset", "tiny", "--device", "cuda"],
            "device cuda: PyTorch finds no GPU here; use --device cpu",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU"),
        ),
    ],
)
def test_what_is_not_there_is_named_in_a_line(options: list[str], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(command.app, [*options, "--out", str(tmp_path)], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert said in result.output
    assert not list(tmp_path.iterdir())


def test_the_place_is_this_machine_s() -> None:
    with place("cpu") as where:
        assert (where.device.type, where.rank, where.world, where.bf16) == ("cpu", 0, 1, False)


def test_operations_are_counted() -> None:
    """Two layers of 16, blocks of 8, by hand: 6 for each parameter; scores and mixing, forward and twice backward."""
    run = Run(TINY, counting(), CPU)
    parameters = sum(parameter.numel() for parameter in run.model.parameters())
    attention = 3 * 2 * (2 * 8 * 16 + 2 * 8 * 16)
    assert flops_per_token(run.model.config, parameters) == 6 * parameters + attention
    peak, source = peak_flops(torch.device("cpu"), size=64)
    assert peak > 1e6
    assert "64x64" in source
