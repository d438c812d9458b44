"""Checks of 04_makemore/03_batchnorm: how a network starts, how one looks at it, and batch normalisation."""

from fasttrack.check.batchnorm.layer import BatchNorm1d
from fasttrack.check.batchnorm.looking import dead_units, saturation, update_to_data
from fasttrack.check.batchnorm.network import BatchNormMLP
from fasttrack.check.batchnorm.normalising import fold_batchnorm, normalize
from fasttrack.check.batchnorm.starting import expected_initial_loss, kaiming_std

__all__ = [
    "BatchNorm1d",
    "BatchNormMLP",
    "dead_units",
    "expected_initial_loss",
    "fold_batchnorm",
    "kaiming_std",
    "normalize",
    "saturation",
    "update_to_data",
]
