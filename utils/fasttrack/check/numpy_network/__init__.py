"""Checks of 03_backprop/02_numpy_network: forward and backward of each layer, the whole net, and its training."""

from fasttrack.check.numpy_network.gradients import gradient_check, unbroadcast
from fasttrack.check.numpy_network.layers import linear_backward, linear_forward, relu_backward, relu_forward
from fasttrack.check.numpy_network.losses import softmax_cross_entropy, softmax_cross_entropy_backward
from fasttrack.check.numpy_network.network import loss_and_grads, network_forward, torch_loss_and_grads
from fasttrack.check.numpy_network.steps import sgd_step, train_digits, train_epoch

__all__ = [
    "gradient_check",
    "linear_backward",
    "linear_forward",
    "loss_and_grads",
    "network_forward",
    "relu_backward",
    "relu_forward",
    "sgd_step",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "torch_loss_and_grads",
    "train_digits",
    "train_epoch",
    "unbroadcast",
]
