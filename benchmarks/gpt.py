"""Training our GPT beside transformers' GPT-2 and a GPT as nanoGPT writes it: same shape, same data, in one run.

    python benchmarks/gpt.py [--steps 60] [--threads 2]

The shape is that of nanoGPT's recipe for a CPU: 4 layers of width 128, 4 heads, batches of 12 windows of 64
characters. The three take turns, step by step, each with its own loop around forward, backward, clipping and AdamW;
a rate is that of the median step. Peak memory is that of a process for each (Linux only). Ratios are to be
trusted, not the rates. Ends with an error if ours is less than 1.2 times transformers' rate.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional

from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.pretrain.steps import configure_optimizer, get_batch, train_step

CONFIG = GPTConfig(vocab_size=65, block_size=64, n_layer=4, n_head=4, n_embd=128)
BATCH, TARGET = 12, 1.2
Step = Callable[[torch.Tensor, torch.Generator], None]


def ours() -> Step:
    model = GPT(CONFIG)
    optimizer = configure_optimizer(model, lr=1e-3, weight_decay=0.1)

    def step(tokens: torch.Tensor, generator: torch.Generator) -> None:
        train_step(model, optimizer, *get_batch(tokens, BATCH, CONFIG.block_size, generator))

    return step


def transformers() -> Step:
    """GPT2LMHeadModel with its own loss, and AdamW as one writes it by default."""
    from transformers import GPT2Config, GPT2LMHeadModel

    shape = {"n_positions": CONFIG.block_size, "n_layer": CONFIG.n_layer, "n_head": CONFIG.n_head}
    off = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=65, n_embd=CONFIG.n_embd, bos_token_id=0, eos_token_id=0, **shape, **off)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)

    def step(tokens: torch.Tensor, generator: torch.Generator) -> None:
        x, _ = get_batch(tokens, BATCH, CONFIG.block_size, generator)
        optimizer.zero_grad()
        model(x, labels=x).loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


class Plain(nn.Module):
    """A block as nanoGPT has it: no biases, one product for q, k and v, fused attention, the exact gelu."""

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.norm1, self.norm2 = nn.LayerNorm(n_embd, bias=False), nn.LayerNorm(n_embd, bias=False)
        self.qkv, self.proj = nn.Linear(n_embd, 3 * n_embd, bias=False), nn.Linear(n_embd, n_embd, bias=False)
        self.wide, self.back = (
            nn.Linear(n_embd, 4 * n_embd, bias=False),
            nn.Linear(4 * n_embd, n_embd, bias=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time_, n_embd = x.shape
        q, k, v = (
            part.view(batch, time_, self.n_head, -1).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(n_embd, 2)
        )
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).contiguous().view(batch, time_, n_embd))
        return x + self.back(functional.gelu(self.wide(self.norm2(x))))


def nanogpt() -> Step:
    """Its loop: windows stacked one by one, AdamW not fused on a CPU, gradients cut to 1."""
    n_embd, block_size = CONFIG.n_embd, CONFIG.block_size
    embedding, positions = nn.Embedding(65, n_embd), nn.Embedding(block_size, n_embd)
    blocks = nn.Sequential(*(Plain(n_embd, CONFIG.n_head) for _ in range(CONFIG.n_layer)))
    norm = nn.LayerNorm(n_embd, bias=False)
    whole = nn.ModuleList([embedding, positions, blocks, norm])
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in whole.parameters() if p.dim() >= 2], "weight_decay": 0.1},
            {"params": [p for p in whole.parameters() if p.dim() < 2], "weight_decay": 0.0},
        ],
        lr=1e-3,
        betas=(0.9, 0.99),
    )

    def step(tokens: torch.Tensor, generator: torch.Generator) -> None:
        begin = torch.randint(len(tokens) - block_size, (BATCH,), generator=generator).tolist()
        x = torch.stack([tokens[i : i + block_size] for i in begin])
        y = torch.stack([tokens[i + 1 : i + 1 + block_size] for i in begin])
        h = norm(blocks(embedding(x) + positions(torch.arange(block_size))))
        logits = functional.linear(h, embedding.weight)
        loss = functional.cross_entropy(logits.view(-1, 65), y.view(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(whole.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


TRAINERS: dict[str, Callable[[], Step]] = {
    "ours": ours,
    "transformers": transformers,
    "as nanoGPT": nanogpt,
}


def memory(name: str, threads: int) -> float:
    """Peak resident memory, in MB, of a process that makes twenty steps."""
    command = [sys.executable, "-W", "ignore", __file__, "--threads", str(threads), "--memory-of", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main(
    steps: Annotated[int, typer.Option(help="Steps of each, after five that are not counted.")] = 60,
    threads: Annotated[int, typer.Option(help="PyTorch's.")] = 2,
    memory_of: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    tokens = torch.randint(65, (100_000,), generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(0)
    if memory_of:
        step = TRAINERS[memory_of]()
        for _ in range(20):
            step(tokens, generator)
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        print(int(peak[1]) / 1024 if peak else float("nan"))
        return
    contestants = {name: make() for name, make in TRAINERS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(steps + 5):
        for name, step in contestants.items():
            start = time.perf_counter()
            step(tokens, generator)
            seconds[name].append(time.perf_counter() - start)
    rates = {
        name: BATCH * CONFIG.block_size / statistics.median(taken[5:]) for name, taken in seconds.items()
    }

    table = Table(title=f"training, {steps} steps each, {threads} threads, PyTorch {torch.__version__}")
    for column in ("", "tokens/s", "ours is", "peak memory"):
        table.add_column(column, justify="right" if column else "left")
    for name, rate in rates.items():
        table.add_row(
            name, f"{rate:,.0f}", f"{rates['ours'] / rate:.2f} x", f"{memory(name, threads):,.0f} MB"
        )
    Console().print(table)
    if rates["ours"] < TARGET * rates["transformers"]:
        sys.exit(f"ours is to be at least {TARGET} times transformers' rate")


if __name__ == "__main__":
    typer.run(main)
