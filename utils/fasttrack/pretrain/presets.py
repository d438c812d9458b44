"""What `python -m fasttrack.pretrain --preset NAME` trains: shapes, batches and learning rates that were tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A run: the corpus, the model's shape, and how it is trained. `batch` counts windows over all processes."""

    about: str
    corpus: str  # a name in fasttrack.pretrain.corpora
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int
    batch: int
    steps: int
    lr: float
    warmup: int
    min_lr: float = 0.0
    weight_decay: float = 0.1
    beta2: float = 0.95
    clip: float = 1.0
    accumulate: int = 1  # parts in which a process takes its share of the batch
    grow: tuple[
        tuple[int, int], ...
    ] = ()  # (update, window): shorter windows from that update on, and more of them
    muon_lr: float = 0.0  # Muon's learning rate for the blocks' matrices; 0: AdamW has them, too
    evaluate: int = 250  # updates between two looks at the held-out tokens


PRESETS = {
    "fables": Preset(
        "0.9 million parameters on fables, a few minutes on two cores",
        corpus="fables",
        block_size=128,
        n_layer=4,
        n_head=4,
        n_embd=128,
        batch=32,
        steps=800,
        lr=3e-3,
        warmup=40,
        weight_decay=0.01,
        muon_lr=0.02,
        evaluate=200,
    ),
    "fables-base": Preset(
        "fables-base itself: the same network with twice the context, a quarter of an hour on two cores",
        corpus="fables",
        block_size=256,
        n_layer=4,
        n_head=4,
        n_embd=128,
        batch=16,
        steps=2400,
        lr=3e-3,
        warmup=60,
        weight_decay=0.01,
        grow=((0, 128), (1500, 256)),
        muon_lr=0.02,
        evaluate=200,
    ),
    "shakespeare": Preset(
        "nanoGPT's recipe for a CPU: 0.8 million parameters on characters of Shakespeare, some minutes",
        corpus="shakespeare",
        block_size=64,
        n_layer=4,
        n_head=4,
        n_embd=128,
        batch=12,
        steps=2000,
        lr=4e-3,
        warmup=100,
        beta2=0.99,
    ),
}
