"""Checks of 01_tensors/01_tensors: strides, broadcasting, indexing, and the loss built from them."""

from fasttrack.check.tensors.memory import element_offset, is_contiguous, tensor_bytes
from fasttrack.check.tensors.probability import cross_entropy, logsumexp, softmax
from fasttrack.check.tensors.shapes import batched_trace, broadcast_shape, one_hot, outer_sum, pick

__all__ = [
    "batched_trace",
    "broadcast_shape",
    "cross_entropy",
    "element_offset",
    "is_contiguous",
    "logsumexp",
    "one_hot",
    "outer_sum",
    "pick",
    "softmax",
    "tensor_bytes",
]
