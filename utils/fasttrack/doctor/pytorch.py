"""PyTorch and the device it computes on, asked in a process of its own: importing a broken one can end the process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement

from fasttrack.doctor.finding import Finding, fine, note, pip_install, size, wrong

PATIENCE = 60.0  # seconds: a first import reads some hundred megabytes from disk
BUILDS = "https://pytorch.org/get-started/locally/"
PROGRAM = """
import json, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import torch
    said = {
        "version": torch.__version__,
        "build": f"CUDA {torch.version.cuda}" if torch.version.cuda
        else f"ROCm {torch.version.hip}" if torch.version.hip
        else "MPS" if torch.backends.mps.is_built() else "CPU",
        "device": "", "memory": 0, "trouble": "",
    }
    assert torch.ones(2).numpy().sum() == 2
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""
    if device:
        try:
            assert (torch.ones(2, device=device) + 1).sum().item() == 4
            said["device"] = torch.cuda.get_device_name() if device == "cuda" else "Apple GPU (MPS)"
            said["memory"] = torch.cuda.get_device_properties(0).total_memory if device == "cuda" else 0
        except Exception as error:
            said["trouble"] = str(error)
    elif torch.version.cuda or torch.version.hip:
        said["trouble"] = next((str(one.message) for one in caught if "CUDA" in str(one.message)), "")
print("\\n" + json.dumps(said))
"""


@dataclass(frozen=True)
class Torch:
    """What PyTorch said of itself. `memory` in bytes; `trouble` is why it cannot use a device that it was built for."""

    version: str
    build: str
    device: str
    memory: int
    trouble: str


def start(environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Let another Python import it. Files of the present folder that are called like modules play no part."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def answer(process: subprocess.Popen[str], patience: float = PATIENCE) -> Torch | str:
    """What that Python said, or why it said nothing, in one line."""
    try:
        output, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"import torch did not end within {patience:.0f} s"
    if process.returncode:
        return f"import torch fails: {why(process.returncode, errors)}"
    try:
        said: dict[str, Any] = json.loads(output.splitlines()[-1])
        return Torch(**said)
    except (IndexError, TypeError, ValueError):
        return "import torch works and yet it does not say what it is"


def why(code: int, errors: str) -> str:
    """The last line of a traceback, or the signal that ended the process."""
    if code < 0:
        return (signal.strsignal(-code) or f"signal {-code}").lower()
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {code:#x}"


def pytorch(said: Torch | str, wanted: Requirement | None) -> Finding:
    """Whether PyTorch can be used. That its version is new enough is seen where the packages are."""
    if isinstance(said, Torch):
        return fine("PyTorch", f"{said.version}, build for {said.build}")
    install = pip_install(str(wanted or "torch"))
    if "No module named 'torch'" in said:
        return wrong("PyTorch", "not installed", install)
    return wrong("PyTorch", said, install.replace("install", "install --force-reinstall", 1))


def gpu(said: Torch | str, driver: str | None) -> Finding:
    """The GPU that PyTorch uses. `driver` is where nvidia-smi lies, if it does: a sign that there is a GPU."""
    if not isinstance(said, Torch):
        return note("GPU", "not looked at: PyTorch does not answer")
    if said.device:
        return fine("GPU", f"{said.device}{f', {size(said.memory)}' if said.memory else ''}")
    if said.trouble:
        trouble = said.trouble.strip().splitlines()[0].rstrip(".")
        return note("GPU", f"not used: {trouble}", "nothing has to be done: lessons run on the CPU")
    if driver and said.build in {"CPU", "MPS"}:
        return note(
            "GPU", "there is one, but this PyTorch is built for the CPU", f"choose a build at {BUILDS}"
        )
    return fine("GPU", "none, and no lesson needs one")


def nvidia_driver() -> str | None:
    """Where nvidia-smi is, if a GPU is to be seen at all; on Linux a driver without one has no such file in /dev."""
    found = shutil.which("nvidia-smi")
    return found if found and (os.name == "nt" or os.path.exists("/dev/nvidiactl")) else None  # noqa: PTH110
