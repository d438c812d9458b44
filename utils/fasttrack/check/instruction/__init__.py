"""Checks of 09_finetuning/03_instruction: the template, whose tokens count, packing, and measuring answers."""

from fasttrack.check.instruction.losses import loss_weights, sft_loss
from fasttrack.check.instruction.masks import loss_mask
from fasttrack.check.instruction.measures import exact_match, look_up, refusals
from fasttrack.check.instruction.packing import document_mask, document_positions, pack
from fasttrack.check.instruction.template import render, tokenize_dialogue

__all__ = [
    "document_mask",
    "document_positions",
    "exact_match",
    "look_up",
    "loss_mask",
    "loss_weights",
    "pack",
    "refusals",
    "render",
    "sft_loss",
    "tokenize_dialogue",
]
