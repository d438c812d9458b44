"""Checks of 01_tensors/03_training: data, modules, the loop, and what keeps a run honest and resumable."""

from fasttrack.check.training.data import DigitsDataset, Standardizer, collate_pad
from fasttrack.check.training.loop import accuracy, evaluate, overfit_one_batch, train_epoch
from fasttrack.check.training.model import Classifier
from fasttrack.check.training.runs import EarlyStopping, load_checkpoint, save_checkpoint
from fasttrack.check.training.shift import random_shift

__all__ = [
    "Classifier",
    "DigitsDataset",
    "EarlyStopping",
    "Standardizer",
    "accuracy",
    "collate_pad",
    "evaluate",
    "load_checkpoint",
    "overfit_one_batch",
    "random_shift",
    "save_checkpoint",
    "train_epoch",
]
