"""Checks of 09_finetuning/01_transfer: new words, what trains and how fast, what is kept, another head."""

from fasttrack.check.transfer.heads import Classifier, features, pool_last
from fasttrack.check.transfer.keeping import interpolate, replay, train_rows
from fasttrack.check.transfer.thawing import gradual_unfreeze
from fasttrack.check.transfer.training import discriminative_lrs, freeze
from fasttrack.check.transfer.words import new_rows

__all__ = [
    "Classifier",
    "discriminative_lrs",
    "features",
    "freeze",
    "gradual_unfreeze",
    "interpolate",
    "new_rows",
    "pool_last",
    "replay",
    "train_rows",
]
