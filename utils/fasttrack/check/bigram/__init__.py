"""Checks of 04_makemore/01_bigram: names as pairs of letters, counted, smoothed, sampled, and learned."""

from fasttrack.check.bigram.counting import bigram_probs, count_bigrams, negative_log_likelihood
from fasttrack.check.bigram.names import bigrams, build_vocab, split_names
from fasttrack.check.bigram.network import one_step_loss, train_bigram
from fasttrack.check.bigram.using import choose_smoothing, sample_names

__all__ = [
    "bigram_probs",
    "bigrams",
    "build_vocab",
    "choose_smoothing",
    "count_bigrams",
    "negative_log_likelihood",
    "one_step_loss",
    "sample_names",
    "split_names",
    "train_bigram",
]
