"""PyTorch asked in another process: it answers, is missing, is broken, ends its process, never ends."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from fasttrack.doctor import Mark, pytorch
from fasttrack.doctor.pytorch import Torch

CPU = Torch("2.13.0", "CPU", device="", memory=0, trouble="")
WANTED = Requirement("torch>=2.4")


def asked(tmp_path: Path, program: str, patience: float = 60) -> Torch | str:
    """What is said where `import torch` runs `program`."""
    (tmp_path / "torch.py").write_text(program)
    return pytorch.answer(pytorch.start({**os.environ, "PYTHONPATH": str(tmp_path)}), patience)


def test_the_torch_that_is_here_answers() -> None:
    import torch

    said = pytorch.answer(pytorch.start())
    assert isinstance(said, Torch)
    assert said.version == torch.__version__
    assert pytorch.pytorch(said, WANTED).mark is Mark.FINE
    assert pytorch.gpu(said, None).mark is Mark.FINE


def test_a_missing_torch_is_to_be_installed(tmp_path: Path) -> None:
    said = asked(tmp_path, "raise ModuleNotFoundError(\"No module named 'torch'\")")
    found = pytorch.pytorch(said, WANTED)
    assert (found.mark, found.found) == (Mark.WRONG, "not installed")
    assert found.do.endswith(' -m pip install "torch>=2.4"')


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os; os.abort()", "aborted"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "segmentation fault"),
        (
            "raise OSError('libcudnn.so.9: cannot open shared object file')",
            "OSError: libcudnn.so.9: cannot open",
        ),
        ("import os; os._exit(3)", "exit code 0x3"),
        ("raise SystemExit(0)", "it does not say what it is"),
        ("print('[]'); raise SystemExit(0)", "it does not say what it is"),
    ],
    ids=["abort", "segfault", "library missing", "exit", "silent", "other words"],
)
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_broken_torch_ends_its_own_process_only(tmp_path: Path, program: str, why: str) -> None:
    said = asked(tmp_path, program)
    found = pytorch.pytorch(said, WANTED)
    assert found.mark is Mark.WRONG
    assert why in found.found
    assert "\n" not in found.found
    assert found.do.endswith(' -m pip install --force-reinstall "torch>=2.4"')
    assert pytorch.gpu(said, "/usr/bin/nvidia-smi").mark is Mark.NOTE


def test_a_torch_that_never_ends_is_given_up(tmp_path: Path) -> None:
    assert (
        asked(tmp_path, "import time; time.sleep(600)", patience=0.3) == "import torch did not end within 0 s"
    )


def test_a_file_of_the_same_name_in_the_present_folder_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise SystemExit(5)")
    monkeypatch.chdir(tmp_path)
    assert isinstance(pytorch.answer(pytorch.start()), Torch)


FAKE = """
from types import SimpleNamespace as Space
import warnings
__version__ = "2.6.0"
class Ones(list):
    def numpy(self): return self
    def __add__(self, other): return self
    def sum(self): return Sum(2)
class Sum(int):
    def item(self): return 4
def ones(n, device="cpu"):
    if device != "cpu" and {broken}: raise RuntimeError("no kernel image is available\\nfor this device")
    return Ones([1] * n)
def available():
    if {warns}: warnings.warn("CUDA initialization: the driver is too old.")
    return {available}
version = Space(cuda={cuda!r}, hip=None)
backends = Space(mps=Space(is_built=lambda: False, is_available=lambda: False))
cuda = Space(is_available=available, get_device_name=lambda: "NVIDIA T4",
             get_device_properties=lambda n: Space(total_memory=16 * 10**9))
"""


@pytest.mark.parametrize(
    ("settings", "mark", "said"),
    [
        ({"cuda": "12.6", "available": True}, Mark.FINE, "NVIDIA T4, 16.0 GB"),
        (
            {"cuda": "12.6", "available": True, "broken": True},
            Mark.NOTE,
            "not used: no kernel image is available",
        ),
        ({"cuda": "12.6", "warns": True}, Mark.NOTE, "not used: CUDA initialization: the driver is too old"),
        ({"cuda": "12.6"}, Mark.FINE, "none, and no lesson needs one"),
        ({"cuda": None}, Mark.NOTE, "there is one, but this PyTorch is built for the CPU"),
    ],
    ids=["used", "too old for the build", "driver too old", "no GPU", "a build for the CPU"],
)
def test_gpus(tmp_path: Path, settings: dict[str, object], mark: Mark, said: str) -> None:
    program = FAKE.format(**{"broken": False, "warns": False, "available": False, **settings})
    told = asked(tmp_path, program)
    found = pytorch.gpu(told, "/usr/bin/nvidia-smi")
    assert (found.mark, found.found) == (mark, said)
    assert isinstance(told, Torch)
    assert told.build == ("CUDA 12.6" if settings["cuda"] else "CPU")


def test_a_gpu_of_apples_has_no_memory_of_its_own() -> None:
    found = pytorch.gpu(replace(CPU, build="MPS", device="Apple GPU (MPS)"), None)
    assert (found.mark, found.found) == (Mark.FINE, "Apple GPU (MPS)")


def test_without_a_driver_a_build_for_the_cpu_is_right() -> None:
    assert pytorch.gpu(CPU, None).mark is Mark.FINE


def test_looking_imports_no_torch_here() -> None:
    program = (
        "import sys; from pathlib import Path; from fasttrack.doctor import examine\n"
        "list(examine(Path('work'))); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
