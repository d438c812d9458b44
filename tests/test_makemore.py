"""The shared ground of unit 04: what is written down as a result is what the code gives."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from fasttrack import makemore
from fasttrack.data import lecture_split, names_split

benchmark = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks/makemore.py"))


def test_the_counted_rows_are_recomputed_to_the_last_digit() -> None:
    recomputed = benchmark["counted_rows"](names_split())
    recorded = {row.model: row.test for row in makemore.ROWS}
    assert {model: round(loss, 4) for model, loss in recomputed.items()} == {
        model: recorded[model] for model in recomputed
    }


def test_every_row_is_recomputed_by_the_benchmark() -> None:
    """Counted rows are run above; a model that is trained takes longer, so here only its place is asked for."""
    lessons = {row.lesson for row in makemore.ROWS} - {"01/01"}
    assert len(benchmark["TABLE"]) == len(lessons)


def test_every_row_improves_on_the_one_before() -> None:
    losses = [row.test for row in makemore.ROWS]
    assert losses == sorted(losses, reverse=True)


def test_the_public_figures_are_met(public_names: list[str]) -> None:
    figures = list(benchmark["counted"](public_names, lecture_split(public_names)))
    assert [figure.model for figure in figures] == [
        "unigram",
        "bigram +0",
        "bigram +1",
        "trigram +0",
        "trigram +1",
    ]
    for figure in figures:
        assert figure.ours == pytest.approx(figure.public, abs=figure.tolerance), figure.model


def test_the_table_ends_with_your_last_model_and_marks_what_is_yours() -> None:
    lines = makemore.table({"unigram": 2.5}).splitlines()
    assert [line.split()[0] for line in lines] == ["model", "uniform", "unigram"]
    assert " 3.2958 " in lines[1]
    assert " 2.5000* " in lines[2]


def test_a_model_that_the_lectures_do_not_have_gets_a_dash() -> None:
    lines = makemore.table({"tuned MLP": 2.0}).splitlines()
    assert lines[-2].endswith("2.1701 the lectures' dev names")
    assert lines[-1].endswith(" 2.0000*  –")


def test_results_take_yours_where_there_is_one() -> None:
    assert makemore.results({"bigram": 2.0}) == {"uniform": 3.2958, "unigram": 2.8937, "bigram": 2.0}


def test_a_model_without_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="no row for 'gpt'; choose from uniform, unigram, bigram"):
        makemore.results({"gpt": 1.0})


def test_counts_of_pairs_that_occur_twice() -> None:
    stoi, itos = makemore.build_vocab(["aa", "a"])
    x, y = makemore.bigrams(["aa", "a"], stoi)
    assert makemore.count_bigrams(x, y, len(itos)).tolist() == [[0, 2], [2, 1]]
