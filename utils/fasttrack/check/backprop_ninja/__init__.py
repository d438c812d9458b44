"""Checks of 04_makemore/04_backprop_ninja: every gradient between the loss and the letters, and training with them."""

from fasttrack.check.backprop_ninja.batchnorm import (
    affine_backward,
    batchnorm_backward,
    mean_backward,
    variance_backward,
)
from fasttrack.check.backprop_ninja.cross_entropy import (
    cross_entropy_backward,
    exp_backward,
    likelihood_backward,
    normalization_backward,
)
from fasttrack.check.backprop_ninja.layers import embedding_backward, linear_backward, tanh_backward
from fasttrack.check.backprop_ninja.network import mlp_backward, train_step

__all__ = [
    "affine_backward",
    "batchnorm_backward",
    "cross_entropy_backward",
    "embedding_backward",
    "exp_backward",
    "likelihood_backward",
    "linear_backward",
    "mean_backward",
    "mlp_backward",
    "normalization_backward",
    "tanh_backward",
    "train_step",
    "variance_backward",
]
