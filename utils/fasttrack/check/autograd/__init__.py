"""Checks of 01_tensors/02_autograd: gradients, the graph behind them, and steps along them."""

from fasttrack.check.autograd.derivatives import gradient, jacobian_vector_product, numerical_gradient
from fasttrack.check.autograd.descent import batched_gradient, clip_gradient, gradient_descent, sgd_step
from fasttrack.check.autograd.graph import Swish, leaves_of, scale_gradient, straight_through_round

__all__ = [
    "Swish",
    "batched_gradient",
    "clip_gradient",
    "gradient",
    "gradient_descent",
    "jacobian_vector_product",
    "leaves_of",
    "numerical_gradient",
    "scale_gradient",
    "sgd_step",
    "straight_through_round",
]
