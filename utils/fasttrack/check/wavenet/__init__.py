"""Checks of 04_makemore/05_wavenet: the tree over eight characters, and the same tree as dilated convolutions."""

from fasttrack.check.wavenet.convolution import causal_dilated_conv, receptive_field
from fasttrack.check.wavenet.everywhere import logits_everywhere
from fasttrack.check.wavenet.layers import FlattenConsecutive, Sequential, batch_statistics
from fasttrack.check.wavenet.model import wavenet
from fasttrack.check.wavenet.sampling import sample_names

__all__ = [
    "FlattenConsecutive",
    "Sequential",
    "batch_statistics",
    "causal_dilated_conv",
    "logits_everywhere",
    "receptive_field",
    "sample_names",
    "wavenet",
]
