"""Checks of 06_attention/01_self_attention: from the mean of the past to a model of two layers that copies."""

from fasttrack.check.self_attention.averaging import averaging_weights, causal_mask, mean_of_past
from fasttrack.check.self_attention.head import AttentionOnly, Head
from fasttrack.check.self_attention.looking import induction_score, influences
from fasttrack.check.self_attention.scores import attention_scores, softmax_jacobian
from fasttrack.check.self_attention.weights import attention_weights, scaled_dot_product_attention

__all__ = [
    "AttentionOnly",
    "Head",
    "attention_scores",
    "attention_weights",
    "averaging_weights",
    "causal_mask",
    "induction_score",
    "influences",
    "mean_of_past",
    "scaled_dot_product_attention",
    "softmax_jacobian",
]
