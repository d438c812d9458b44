"""Checks of 06_attention/04_transformer_block: norms, the feed-forward network, the block, and gradients by depth."""

from fasttrack.check.transformer_block.blocks import Block, PostNormBlock, residual_stream
from fasttrack.check.transformer_block.depth import count_block_parameters, gradient_norms
from fasttrack.check.transformer_block.feed_forward import FeedForward, gelu
from fasttrack.check.transformer_block.names import name_rows
from fasttrack.check.transformer_block.norms import LayerNorm, RMSNorm, normalize_vector

__all__ = [
    "Block",
    "FeedForward",
    "LayerNorm",
    "PostNormBlock",
    "RMSNorm",
    "count_block_parameters",
    "gelu",
    "gradient_norms",
    "name_rows",
    "normalize_vector",
    "residual_stream",
]
