"""Where a run computes: CPU, one GPU, or several processes of torchrun; at which precision; and how well it is used."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import distributed

from fasttrack.models.gpt import GPTConfig

# Dense bfloat16 operations a second, from NVIDIA's data sheets.
PEAK = {"A100": 312e12, "H100": 989.4e12, "H200": 989.4e12, "L4": 121e12, "T4": 65e12}


@dataclass(frozen=True)
class Place:
    """The device of this process, which process of how many it is, and whether it computes in bfloat16."""

    device: torch.device
    rank: int = 0
    world: int = 1
    bf16: bool = False

    def autocast(self) -> AbstractContextManager[object]:
        """Matrix products in bfloat16 where the device is fast at it; sums and parameters stay float32."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else nullcontext()


@contextmanager
def place(device: str = "auto") -> Iterator[Place]:
    """The place to train on: "auto" is a GPU where there is one, else the CPU.

    Under torchrun every process gets its own GPU (nccl), or shares the CPU (gloo). Raises ValueError for a device that
    this machine does not have.
    """
    if device not in ("auto", "cpu", "cuda", "mps"):
        raise ValueError(f"there is no device {device!r}; choose auto, cpu, cuda or mps")
    if device == "auto":
        device = (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: PyTorch finds no GPU here; use --device cpu")
    if device == "mps" and not torch.backends.mps.is_available():
        raise ValueError("device mps: PyTorch finds no Apple GPU here; use --device cpu")
    rank, world, local = (int(os.environ.get(name, default)) for name, default in TORCHRUN)
    where = torch.device(device, local) if device == "cuda" else torch.device(device)
    if device == "cuda":
        torch.cuda.set_device(where)
    bf16 = device == "cuda" and torch.cuda.is_bf16_supported()
    if world == 1:
        yield Place(where, bf16=bf16)
        return
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Place(where, rank, world, bf16)
    finally:
        distributed.destroy_process_group()


TORCHRUN = (
    ("RANK", "0"),
    ("WORLD_SIZE", "1"),
    ("LOCAL_RANK", "0"),
)  # set by torchrun for each of its processes


def flops_per_token(config: GPTConfig, parameters: int) -> float:
    """Operations of forward and backward for a token: 6 a parameter, and attention's (Chowdhery et al., 2022)."""
    return 6 * parameters + 12 * config.n_layer * config.n_embd * config.block_size


def peak_flops(where: torch.device, size: int = 1024) -> tuple[float, str]:
    """Operations a second that the device can do at most, and where the figure is from.

    The data sheet's for GPUs that `PEAK` lists, else measured on a product of two `(size, size)` matrices.
    """
    if where.type == "cuda":
        name = torch.cuda.get_device_name(where)
        for known, flops in PEAK.items():
            if known in name:
                return flops, f"{known}'s data sheet, bfloat16"
    a = torch.randn(size, size, device=where)
    best = min(seconds(a) for _ in range(5))
    return 2 * size**3 / best, f"the product of two {size}x{size} matrices"


def seconds(a: torch.Tensor) -> float:
    """How long `a @ a` takes."""
    start = time.perf_counter()
    (a @ a)[0, 0].item()  # .item() waits for the device
    return time.perf_counter() - start
