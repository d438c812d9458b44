"""BM25 on 100,000 synthetic passages, side by side in one run: ours, bm25s (NumPy backend), rank_bm25.

    .venv/bin/python benchmarks/bm25.py            # two minutes or so, 2 GB: rank_bm25 takes most of it
    .venv/bin/python benchmarks/bm25.py --passages 10000

The passages are drawn from a vocabulary of 50,000 words with Zipf's frequencies (1 / (rank + 2.7)), 40 to 180 words
each; a query is 2 to 12 words of a passage, so it holds common words as well as rare ones. A query is timed from its
terms to the ten best passages, the same queries for all in turn; the times are medians over the queries. All scores are
compared: ours with those of bm25s, both in float32, its default, and our Okapi variant in float64 with rank_bm25's.
Index time is from lists of terms to an index that answers. Memory is what building one leaves behind, by tracemalloc in
a second, untimed build.
"""

from __future__ import annotations

import argparse
import gc
import logging
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import bm25s
import numpy as np
import rank_bm25

from fasttrack.rag.bm25 import BM25

K = 10


def passages(count: int, rng: np.random.Generator) -> list[list[str]]:
    shares = 1 / (np.arange(50_000) + 3.7)
    lengths = rng.integers(40, 181, count)
    drawn = rng.choice(50_000, size=int(lengths.sum()), p=shares / shares.sum())
    words = [f"w{number}" for number in range(50_000)]
    ends = np.cumsum(lengths)
    return [[words[i] for i in drawn[end - size : end]] for end, size in zip(ends, lengths, strict=True)]


def queries(corpus: list[list[str]], count: int, rng: random.Random) -> list[list[str]]:
    return [rng.sample(rng.choice(corpus), rng.randint(2, 12)) for _ in range(count)]


def ours(corpus: list[list[str]]) -> tuple[Any, Callable[[list[str]], Any]]:
    model = BM25(corpus, dtype=np.float32)
    return model, lambda query: model.search(query, K)


def theirs(corpus: list[list[str]]) -> tuple[Any, Callable[[list[str]], Any]]:
    model = bm25s.BM25(backend="numpy")
    model.index(corpus, show_progress=False)
    return model, lambda query: model.retrieve([query], k=K, show_progress=False, backend_selection="numpy")


def reference(corpus: list[list[str]]) -> tuple[Any, Callable[[list[str]], Any]]:
    model = rank_bm25.BM25Okapi(corpus)
    numbers = list(range(len(corpus)))
    return model, lambda query: model.get_top_n(query, numbers, n=K)


SYSTEMS = {"ours": ours, "bm25s": theirs, "rank_bm25": reference}


def memory(make: Callable[[], object]) -> int:
    """Bytes that what `make` builds holds on to."""
    gc.collect()
    tracemalloc.start()
    kept = make()
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--slow", type=int, default=20, help="queries put to rank_bm25, of the same")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    corpus = passages(given.passages, np.random.default_rng(given.seed))
    asked = queries(corpus, given.queries, random.Random(given.seed))
    print(f"{len(corpus):,} passages, {sum(map(len, corpus)):,} words; {len(asked)} queries, k {K}")

    built, search, index_time = {}, {}, {}
    for name, make in SYSTEMS.items():
        gc.collect()
        start = time.perf_counter()
        built[name], search[name] = make(corpus)
        index_time[name] = time.perf_counter() - start

    times: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for number, query in enumerate([asked[0], *asked]):
        for name, find in search.items():
            if name == "rank_bm25" and number > given.slow:
                continue
            start = time.perf_counter()
            find(query)
            if number:  # the first is to warm up
                times[name].append(time.perf_counter() - start)

    apart = max(
        float(np.abs(built["ours"].scores(query) - built["bm25s"].get_scores(query)).max()) for query in asked
    )
    okapi = BM25(corpus, variant="okapi")
    apart_okapi = max(
        float(np.abs(okapi.scores(query) - built["rank_bm25"].get_scores(query)).max()) for query in asked[:5]
    )
    print(
        f"largest difference of a score: {apart:.1e} from bm25s (float32), {apart_okapi:.1e} from rank_bm25"
    )
    del okapi, built, search
    held = {name: memory(lambda make=make: make(corpus)) for name, make in SYSTEMS.items()}  # type: ignore[misc]

    print(f"{'':<12}{'ms a query':>12}{'worst tenth':>13}{'index, s':>10}{'memory, MB':>12}")
    for name, taken in times.items():
        slow = statistics.quantiles(taken, n=10)[-1]
        print(
            f"{name:<12}{1e3 * statistics.median(taken):>12.3f}{1e3 * slow:>13.3f}"
            f"{index_time[name]:>10.1f}{held[name] / 1e6:>12.0f}"
        )
    median = {name: statistics.median(taken) for name, taken in times.items()}
    same = statistics.median(times["ours"][: given.slow])
    print(f"ours is {median['bm25s'] / median['ours']:.1f} times as fast a query as bm25s,")
    print(f"{median['rank_bm25'] / same:.0f} times as fast as rank_bm25 on the queries put to it")


if __name__ == "__main__":
    main()
