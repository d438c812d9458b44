"""Checks of 06_attention/03_positions: what tells attention where a token stands."""

from fasttrack.check.positions.absolute import LearnedPositions, shift_matrix, sinusoidal_encoding
from fasttrack.check.positions.distance import alibi_bias, alibi_slopes, targets_back
from fasttrack.check.positions.order import order_gap, shuffled_weights
from fasttrack.check.positions.rotary import rope, rope_angles, to_split_halves
from fasttrack.check.positions.rotary_head import RopeHead

__all__ = [
    "LearnedPositions",
    "RopeHead",
    "alibi_bias",
    "alibi_slopes",
    "order_gap",
    "rope",
    "rope_angles",
    "shift_matrix",
    "shuffled_weights",
    "sinusoidal_encoding",
    "targets_back",
    "to_split_halves",
]
