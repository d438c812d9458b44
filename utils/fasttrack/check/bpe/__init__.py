"""Checks of 05_tokenizers/01_bpe: bytes, merges learned slowly and fast, encoding, special tokens."""

from fasttrack.check.bpe.encoding import encode, encode_chunk
from fasttrack.check.bpe.index import PairIndex
from fasttrack.check.bpe.pairs import merge, pair_counts
from fasttrack.check.bpe.special import compression_ratio, encode_special
from fasttrack.check.bpe.training import build_vocab, train_bpe, train_naive
from fasttrack.check.bpe.units import decode, split_chunks, text_to_ids

__all__ = [
    "PairIndex",
    "build_vocab",
    "compression_ratio",
    "decode",
    "encode",
    "encode_chunk",
    "encode_special",
    "merge",
    "pair_counts",
    "split_chunks",
    "text_to_ids",
    "train_bpe",
    "train_naive",
]
