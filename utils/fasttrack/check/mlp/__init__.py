"""Checks of 04_makemore/02_mlp: contexts of letters, a network on their embeddings, its training and its use."""

from fasttrack.check.mlp.data import build_dataset, split, unseen_share
from fasttrack.check.mlp.model import MLP, embed, nearest
from fasttrack.check.mlp.rates import cosine_rates, lr_range_test
from fasttrack.check.mlp.sampling import sample_names
from fasttrack.check.mlp.training import minibatch_loss, train_model

__all__ = [
    "MLP",
    "build_dataset",
    "cosine_rates",
    "embed",
    "lr_range_test",
    "minibatch_loss",
    "nearest",
    "sample_names",
    "split",
    "train_model",
    "unseen_share",
]
