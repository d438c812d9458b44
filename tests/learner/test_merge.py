"""The laws of a merge: no answer is lost, the release is there in full, and merging twice is merging once."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from fasttrack.learner.merge import Changes, likely_base, merge
from fasttrack.learner.notebook import Cell, Notebook, parse, untouched
from fasttrack.learner.records import hashes
from tests.learner.samples import (
    ANSWERS,
    Json,
    answered,
    correct,
    doubling,
    given,
    graded,
    lesson,
    ran,
    stub,
    test_of,
)

ROOT = Path(__file__).parents[2]
NAMES = ["alpha", "beta", "gamma", "delta"]


def book(raw: Json) -> Notebook:
    return parse(json.dumps(raw).encode())


def merged(mine: Json, new: Json, old: Json | None) -> tuple[Json, Changes]:
    """The merge of `mine`, a copy of the release `old`, or of one that is not known, with the release `new`."""
    raw, changes = merge(book(mine), book(new), hashes(book(old)) if old else None)
    nbformat.validate(nbformat.from_dict(raw))
    return raw, changes


def sources(raw: Json) -> list[str]:
    return [Cell(cell).source for cell in raw["cells"]]


def by_id(raw: Json) -> dict[str, Cell]:
    return {cell["id"]: Cell(cell) for cell in raw["cells"]}


@st.composite
def releases(draw: st.DrawFn) -> Json:
    """A release: some exercises with given text between them; ids of given cells go by position, as in a build."""
    cells: list[Json] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        cells.append(
            given(len(cells), draw(st.sampled_from(["text", "other text", f"about {name}"])), "markdown")
        )
        if draw(st.booleans()):
            cells.append(given(len(cells), f"look({name!r}, {draw(st.integers(0, 2))})"))
        cells += [
            stub(name, draw(st.sampled_from(["", ", in one line"]))),
            test_of(name, draw(st.integers(2, 3)), 1),
        ]
    return lesson(*cells, given(len(cells), "The end.", "markdown"))


@st.composite
def worked_in(draw: st.DrawFn, release: Json) -> Json:
    """What a learner made of a release: answers, own cells, edits, lost cells, lost metadata, copies, another order."""
    raw = copy.deepcopy(release)
    cells: list[Json] = []
    for cell in raw["cells"]:
        did = draw(
            st.sampled_from(["nothing", "nothing", "write", "write", "drop", "copy", "bare", "own", "move"])
        )
        if did == "drop" and not Cell(cell).is_exercise:
            continue
        if did in ("write", "copy", "bare"):
            if did == "copy":
                cells.append(copy.deepcopy(cell))
            if not Cell(cell).is_test:
                number = draw(st.integers(0, 99))
                cell["source"] = (
                    f"def {cell['id']}(x): return {number}" if Cell(cell).is_exercise else f"mine {number}"
                )
            if did == "bare":
                cell["metadata"] = {"id": cell.pop("id")} if draw(st.booleans()) else {}
        cells.insert(0 if did == "move" else len(cells), cell)
        if did == "own":
            own = given(
                0, f"own {draw(st.integers(0, 99))}", draw(st.sampled_from(["code", "markdown", "raw"]))
            )
            own["id"] = draw(st.sampled_from(["a1b2", "a1b2", "no id!", "", "double"]))
            cells.append(own)
    return raw | {"cells": cells}


@st.composite
def updates(draw: st.DrawFn) -> tuple[Json, Json, Json, Json | None]:
    old, new = draw(releases()), draw(releases())
    return old, draw(worked_in(old)), new, draw(st.sampled_from([old, None]))


@for_all(updates())
def test_no_answer_and_no_own_cell_is_lost(update: tuple[Json, Json, Json, Json | None]) -> None:
    _, mine, new, base = update
    raw, _ = merged(mine, new, base)
    whole = "\n".join(sources(raw))
    for cell in map(Cell, mine["cells"]):
        answer = cell.is_exercise and not untouched(cell)
        if answer or (
            cell.source.startswith(("own ", "def ", "mine ")) and "raise NotImp" not in cell.source
        ):
            assert cell.source in whole


@for_all(updates())
def test_the_last_answer_to_an_exercise_that_exists_stands_in_its_place(
    update: tuple[Json, Json, Json, Json | None],
) -> None:
    _, mine, new, base = update
    raw, _ = merged(mine, new, base)
    for name, exercise in book(new).released_exercises().items():
        written = [
            cell.source for cell in map(Cell, mine["cells"]) if cell.grade_id == name and not untouched(cell)
        ]
        if written:
            assert by_id(raw)[name].source == written[-1]
        assert exercise.test is not None
        assert by_id(raw)[f"test_{name}"].source == exercise.test.source


@for_all(updates())
def test_every_cell_of_the_release_is_there_in_its_order(
    update: tuple[Json, Json, Json, Json | None],
) -> None:
    _, mine, new, base = update
    raw, _ = merged(mine, new, base)
    ids = [cell["id"] for cell in new["cells"]]
    assert [cell["id"] for cell in raw["cells"] if cell["id"] in ids] == ids
    for cell in map(Cell, new["cells"]):
        assert by_id(raw)[cell.id].nbgrader == cell.nbgrader


@for_all(updates())
def test_merging_twice_is_merging_once(update: tuple[Json, Json, Json, Json | None]) -> None:
    _, mine, new, base = update
    once, _ = merged(mine, new, base)
    twice, changes = merged(once, new, new)
    assert twice == once
    assert changes == Changes()


@for_all(releases(), releases(), st.booleans())
def test_a_lesson_nobody_worked_in_becomes_the_release(old: Json, new: Json, recorded: bool) -> None:
    """Without a record, given cells may stay as they are in a copy so like the release that it may come from it."""
    raw, _ = merged(old, new, old if recorded else None)
    if recorded:
        assert sources(raw) == sources(new)
    elif likely_base(book(old), book(new)):
        assert set(sources(raw)) <= {*sources(old), *sources(new)}
    else:
        assert set(sources(new)) <= set(sources(raw))


def test_own_cells_keep_their_place_and_outputs_stay_where_the_code_is_the_same() -> None:
    mine = ran(answered(doubling(), **ANSWERS), "double", correct("double"))
    own = given(0, "my_note = 1") | {"id": "a1b2c3"}
    mine["cells"].insert(4, own)
    new = doubling()
    new["cells"].insert(1, given(9, "A new paragraph.", "markdown"))
    raw, changes = merged(mine, new, doubling())
    assert sources(raw).index("my_note = 1") == sources(raw).index("double(4)") + 1
    assert by_id(raw)["test_double"].outputs == [correct("double")]
    assert changes == Changes(text=1)


def test_a_given_cell_that_only_the_learner_changed_stays() -> None:
    mine = answered(doubling(), **{"cell-002": "double(400)"})
    new = doubling()
    new["cells"][-1]["source"] = "The very end."
    raw, changes = merged(mine, new, doubling())
    assert by_id(raw)["cell-002"].source == "double(400)"
    assert changes == Changes(text=1)


@pytest.mark.parametrize("known", [True, False])
def test_a_given_cell_that_both_changed_is_the_new_one_with_the_learners_quoted(known: bool) -> None:
    mine = answered(
        doubling(), **{"cell-002": "double(400)  # ```", "cell-004": "mine", "cell-000": "mine, too"}
    )
    new = answered(doubling(), **{"cell-002": "double(5)"})
    raw, changes = merged(mine, new, doubling() if known else None)
    assert by_id(raw)["cell-002"].source == "double(5)"
    quoted = [Cell(cell) for cell in raw["cells"] if "double(400)" in Cell(cell).source]
    assert [cell.kind for cell in quoted] == ["markdown"]
    assert "````python\ndouble(400)  # ```\n````" in quoted[0].source
    assert changes.quoted == (1 if known else 3)


def test_an_edited_given_cell_keeps_its_place_among_others_of_the_same_text() -> None:
    def release(*texts: str) -> Json:
        cells = [given(0, text, "markdown") if text != "double" else stub("double") for text in texts]
        named = (
            {**cell, "id": f"cell-{n:03}"} if cell["id"] != "double" else cell for n, cell in enumerate(cells)
        )
        return lesson(*named, test_of("double", 2, 1))

    old = release("---", "double", "---", "The end.")
    new = release("A new paragraph.", "---", "double", "---", "The end.")
    raw, changes = merged(answered(old, **{"cell-000": "mine"}), new, old)
    assert [sources(raw)[place] for place in (1, 3)] == ["mine", "---"]
    assert changes == Changes(text=1)


def test_what_changed_is_reported_by_exercise() -> None:
    old = doubling()
    mine = answered(old, **ANSWERS, test_double="pass")
    new = lesson(
        *(cell for cell in doubling()["cells"] if "quadruple" not in cell["id"]),
        stub("octuple"),
        test_of("octuple", 8, 1),
    )
    new["cells"][2] = stub("double", ", without +")
    raw, changes = merged(mine, new, old)
    assert changes == Changes(new=["octuple"], gone=["quadruple"], stubs=["double"], restored=["double"])
    text = sources(raw)
    assert text[text.index(ANSWERS["double"]) + 1].startswith("*This exercise was changed")
    place = text.index(ANSWERS["quadruple"])
    assert text[place - 1].startswith("*This exercise is not in the lesson any more")
    assert "nbgrader" not in raw["cells"][place]["metadata"]


def test_a_changed_test_loses_its_output() -> None:
    mine = ran(answered(doubling(), **ANSWERS), "double", correct("double"))
    new = doubling()
    new["cells"][4] = test_of("double", 3, 2)
    raw, changes = merged(mine, new, doubling())
    assert by_id(raw)["test_double"].outputs == []
    assert changes == Changes(tests=["double"])


def test_an_untouched_stub_is_replaced_by_the_new_one_even_without_a_record() -> None:
    new = doubling()
    new["cells"][2] = graded("double", "def double(y):\n    raise NotImplementedError")
    raw, changes = merged(doubling(), new, None)
    assert untouched(by_id(raw)["double"])
    assert changes == Changes()


LESSONS = ["01_tensors/01_tensors", "06_attention/01_self_attention", "11_rag/01_bm25"]


@pytest.mark.parametrize("name", LESSONS)
def test_a_real_lesson_worked_in_takes_an_inserted_cell_and_keeps_all_answers(name: str) -> None:
    """A cell put in near the top moves the ids of all given cells after it."""
    new = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text())
    old = copy.deepcopy(new)
    solved = {c["id"]: c for c in json.loads((ROOT / "solutions" / f"{name}.ipynb").read_text())["cells"]}
    new["cells"].insert(4, given(0, "A paragraph put in.", "markdown"))
    for number, cell in enumerate(new["cells"]):
        if cell["id"].startswith("cell-"):
            cell["id"] = f"cell-{number:03}"
    answers = {cell["id"]: solved[cell["id"]]["source"] for cell in old["cells"] if Cell(cell).is_exercise}
    mine = answered(old, **answers)
    for base in (old, None):
        raw, changes = merged(mine, new, base)
        assert changes == Changes(text=1)
        assert len(raw["cells"]) == len(new["cells"])
        assert {key: by_id(raw)[key].raw["source"] for key in answers} == answers
        assert merged(raw, new, new) == (raw, Changes())
