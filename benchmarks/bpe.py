"""Training of byte-pair encoding: the loop that counts everything anew, ours, and the `tokenizers` library.

    python benchmarks/bpe.py [--file text.txt] [--vocab-size 512]

Without --file the text is 1,000,000 bytes of Python's own reference and source code, which every Python has. One run
of each, in turn; the naive loop takes about a minute. Ends with an error if ours is not 20 times faster than the naive
loop, or if ours and the library's merges differ.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer, __version__, models, pre_tokenizers, trainers

from fasttrack import bpe

SIZE = 1_000_000
FASTER = 20


def python_text(size: int = SIZE) -> str:
    """Python's reference, then source code of its standard library: `size` bytes of UTF-8, less a cut character."""
    library = Path(json.__file__).parents[1]
    text = "\n".join(topics.values()).encode()
    for path in sorted(library.glob("*.py")):
        if len(text) >= size:
            break
        text += path.read_bytes()
    return text[:size].decode("utf-8", errors="ignore")


def library_merges(text: str, vocab_size: int) -> list[bpe.Pair]:
    """What the library learns from the text as a whole; `train` would read a file line by line."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([text], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return [(model["vocab"][left], model["vocab"][right]) for left, right in model["merges"]]


def timed(train: Callable[[], list[bpe.Pair]]) -> tuple[list[bpe.Pair], float]:
    start = time.perf_counter()
    return train(), time.perf_counter() - start


def main(
    file: Annotated[Path | None, typer.Option(help="a text of your own, UTF-8", exists=True)] = None,
    vocab_size: Annotated[int, typer.Option(help="tokens, the 256 bytes included")] = 512,
) -> None:
    """Train three times, print, compare."""
    text = file.read_text("utf-8") if file else python_text()
    ids = bpe.text_to_ids(text)
    library, library_seconds = timed(lambda: library_merges(text, vocab_size))
    ours, our_seconds = timed(lambda: bpe.train_bpe(text, vocab_size))
    naive, naive_seconds = timed(lambda: bpe.train_naive(ids, vocab_size))
    table = Table(
        "trainer", "merges", "seconds", "naive / this", title=f"{len(ids):,} bytes to {vocab_size} tokens"
    )
    for name, merges, seconds in (
        ("naive, everything counted anew", naive, naive_seconds),
        ("ours, counts kept", ours, our_seconds),
        (f"tokenizers {__version__}", library, library_seconds),
    ):
        table.add_row(name, str(len(merges)), f"{seconds:.2f}", f"{naive_seconds / seconds:.0f}")
    Console().print(table)
    print("same merges, ours and the library's:", ours == library)
    missed = [] if ours == library else ["the merges differ"]
    if naive_seconds < FASTER * our_seconds:
        missed.append(
            f"ours is {naive_seconds / our_seconds:.1f} times as fast as the naive loop, not {FASTER}"
        )
    if missed:
        sys.exit("not met: " + "; ".join(missed))


if __name__ == "__main__":
    typer.run(main)
