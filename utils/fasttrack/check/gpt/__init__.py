"""Checks of 07_gpt/01_gpt: the whole model, its start, its size and cost, its loss, and GPT-2's checkpoints."""

from fasttrack.check.gpt.checkpoint import load_gpt2_weights, split_qkv
from fasttrack.check.gpt.counting import count_matrices, count_parameters, training_flops
from fasttrack.check.gpt.inputs import GPTConfig, embed
from fasttrack.check.gpt.loss import next_token_loss
from fasttrack.check.gpt.model import GPT
from fasttrack.check.gpt.start import init_weights

__all__ = [
    "GPT",
    "GPTConfig",
    "count_matrices",
    "count_parameters",
    "embed",
    "init_weights",
    "load_gpt2_weights",
    "next_token_loss",
    "split_qkv",
    "training_flops",
]
