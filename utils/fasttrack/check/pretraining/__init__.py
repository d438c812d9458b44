"""Checks of 07_gpt/02_pretraining: batches, the loss beside its floor, updates, files, speed."""

from fasttrack.check.pretraining.batches import get_batch
from fasttrack.check.pretraining.files import load_run, save_run
from fasttrack.check.pretraining.matrices import orthogonalise
from fasttrack.check.pretraining.measuring import estimate_loss, excess, speed
from fasttrack.check.pretraining.rates import configure_optimizer, lr_schedule
from fasttrack.check.pretraining.updates import train_step

__all__ = [
    "configure_optimizer",
    "estimate_loss",
    "excess",
    "get_batch",
    "load_run",
    "lr_schedule",
    "orthogonalise",
    "save_run",
    "speed",
    "train_step",
]
