"""Checks of 09_finetuning/02_lora: low rank, the layer, the injection, merging, adapters, and many of them at once."""

from fasttrack.check.lora.adapters import load_lora, lora_state, mixed_lora
from fasttrack.check.lora.injection import inject_lora, trainable
from fasttrack.check.lora.layer import LoRALinear
from fasttrack.check.lora.merging import merge, unmerge
from fasttrack.check.lora.rank import low_rank, rank_for

__all__ = [
    "LoRALinear",
    "inject_lora",
    "load_lora",
    "lora_state",
    "low_rank",
    "merge",
    "mixed_lora",
    "rank_for",
    "trainable",
    "unmerge",
]
