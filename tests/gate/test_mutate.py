"""Mutants are small, valid and different; the score counts them rightly and sees a weak check."""

import ast
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rich.console import Console

from autograder import bank
from autograder.course import Course
from autograder.gate import mutate
from autograder.gate.mutant import mutants
from autograder.lesson import SOLUTION, Cell, LessonError, read

NAME = "01_unit/01_doubling"


def exercise(body: str) -> Cell:
    """An exercise `f` with a solution of the given lines."""
    lines = [SOLUTION[0], *body.splitlines(), SOLUTION[1]]
    source = 'def f(x, y=2):\n    """1 + 1"""\n' + "\n".join(f"    {line}" for line in lines)
    return Cell("exercise", source, 1, "f")


def solutions(body: str) -> set[str]:
    """What the mutants of a solution make of it."""
    found = set()
    for mutant in mutants(exercise(body)):
        lines = mutant.source.splitlines()
        start, end = (next(i for i, line in enumerate(lines) if mark in line) for mark in SOLUTION)
        found.add("\n".join(line.removeprefix("    ") for line in lines[start + 1 : end]))
    return found


FAULTS = {
    "operator": ("x = x + y", "x = x - y"),
    "division": ("x = x / y", "x = x * y"),
    "matrix product": ("x = x @ y", "x = x * y"),
    "missing factor": ("x = x * y", "x = x"),
    "augmented": ("x += y", "x -= y"),
    "boundary": ("x = x < y", "x = x <= y"),
    "comparison": ("x = x == y", "x = x != y"),
    "boolean": ("x = x and y", "x = x or y"),
    "not": ("x = not y", "x = y"),
    "negation": ("x = -y", "x = y"),
    "one more": ("x = 3", "x = 4"),
    "one less": ("x = 3", "x = 2"),
    "minus one to zero": ("x = y.sum(-1)", "x = y.sum(0)"),
    "axis from the other end": ("x = y.amax(-1)", "x = y.amax(1)"),
    "axis by keyword": ("x = y.sum(dim=0)", "x = y.sum(dim=1)"),
    "keyword dropped": ("x = y.sum(0, keepdim=True)", "x = y.sum(0)"),
    "keyword turned": ("x = y.sum(0, keepdim=True)", "x = y.sum(0, keepdim=False)"),
    "argument dropped": ("x = torch.full(y, 2)", "x = torch.full(y)"),
    "arguments swapped": ("x = y.permute(1, 0, 2)", "x = y.permute(0, 1, 2)"),
    "float": ("x = y + 0.5", "x = y + 1.0"),
    "truth": ("x = True", "x = False"),
    "twin": ("x = y.amax(0)", "x = y.amin(0)"),
    "twin function": ("x = torch.tril(y)", "x = torch.triu(y)"),
    "einsum's output": ("x = einsum('ij,jk->ik', x, y)", "x = einsum('ij,jk->ki', x, y)"),
    "mode name": ("x = f(y, 'mean')", "x = f(y, '')"),
    "call forgotten": ("x = math.sqrt(y)", "x = y"),
    "method forgotten": ("x = y.exp()", "x = y"),
    "slice start": ("x = y[1:]", "x = y[:]"),
    "slice end": ("x = y[:3]", "x = y[:]"),
    "slice step": ("x = y[::2]", "x = y[:]"),
    "index": ("x = y[:, 0]", "x = y[:, 1]"),
    "index forgotten": ("x = y[0]", "x = y"),
    "tuple": ("x = (x, y)", "x = (y, x)"),
    "condition": ("if x:\n    y = x", "if not x:\n    y = x"),
    "choice": ("x = x if y else 0", "x = x"),
    "filter": ("x = [i for i in y if i]", "x = [i for i in y]"),
    "statement dropped": ("x.zero_()\nreturn x", "pass\nreturn x"),
    "context dropped": ("with no_grad():\n    x = y", "if True:\n    x = y"),
    "jump": ("while x:\n    break", "while x:\n    continue"),
    "sign of the answer": ("return x", "return -x"),
    "one per cent": ("return x", "return 1.01*x"),
    "an error not raised": ("if x:\n    raise ValueError(x)", "if x:\n    pass"),
}


@pytest.mark.parametrize(("body", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_the_fault_is_made(body: str, fault: str) -> None:
    def normal(text: str) -> str:
        return ast.dump(ast.parse(text.replace("return", "yield")))

    assert normal(fault) in {normal(solution) for solution in solutions(body)}


NEUTRAL = ["raise ValueError('x must be > 0')", '"""A note of 3 words."""\npass', "x: list[int]"]


@pytest.mark.parametrize("body", NEUTRAL)
def test_what_no_test_should_see_is_left_alone(body: str) -> None:
    """Texts of errors, docstrings and annotations: at most the whole statement goes."""
    assert solutions(body) <= {"pass", '"""A note of 3 words."""\npass'}


operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "@", "<", "<=", "==", "and", "or", "in"])
atoms = st.sampled_from(["x", "y", "0", "1", "-1", "2.5", "True", "'ij->ji'", "x[1:]", "x[0]", "(x, y)"])
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, inner).map(lambda parts: f"f({parts[0]}, y={parts[1]})"),
        inner.map(lambda part: f"x.sum({part}, keepdim=True)"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"[i for i in {part} if i]"),
    ),
    max_leaves=6,
)
statements = st.one_of(
    expressions.map(lambda text: f"x = {text}"),
    expressions.map(lambda text: f"return {text}"),
    expressions.map(lambda text: f"if {text}:\n    y += 1\nelif y:\n    pass\nelse:\n    y = 0"),
    expressions.map(lambda text: f"for i in {text}:\n    continue"),
    expressions.map(lambda text: f"with f({text}) as g:\n    raise ValueError('no')"),
)
bodies = st.lists(statements, min_size=1, max_size=3).map("\n".join)


@given(bodies)
@settings(deadline=None, max_examples=50)
def test_mutants_are_valid_different_and_inside_the_solution(body: str) -> None:
    cell = exercise(body)
    found = list(mutants(cell))
    trees = [ast.dump(ast.parse(mutant.source)) for mutant in found]
    assert len({*trees, ast.dump(ast.parse(cell.source))}) == len(trees) + 1
    outside = cell.source.split(SOLUTION[0])[0], cell.source.split(SOLUTION[1])[1]
    for mutant in found:
        assert (mutant.source.split(SOLUTION[0])[0], mutant.source.split(SOLUTION[1])[1]) == outside


@given(bodies, st.data())
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mutant_is_told_by_the_cell_it_prints(tmp_path: Path, body: str, data: st.DataObject) -> None:
    found = list(mutants(exercise(body)))
    assume(found)
    mutant = data.draw(st.sampled_from(found))
    (answer,) = bank.split(tmp_path, mutant.as_equivalent("no test can tell"))
    assert mutant.is_told_by(answer.diff)
    told = [other for other in found if other.is_told_by(answer.diff)]
    assert {tuple(other.changes) for other in told} == {tuple(mutant.changes)}


def test_context_lines_tell_two_mutants_apart() -> None:
    found = list(mutants(exercise("x = y\nx = 1\nz = y\nx = 1\nreturn x")))
    bare, first = ("-    x = 1", "+    x = 2"), ("     x = y", "-    x = 1", "+    x = 2")
    assert sum(mutant.is_told_by(bare) for mutant in found) == 2
    assert sum(mutant.is_told_by(first) for mutant in found) == 1


def test_a_good_test_scores_high(course: Course) -> None:
    score = mutate.run(course, NAME)
    assert score.share >= 0.95, [mutant.diff for mutant in score.survivors]
    assert score.total == score.caught + len(score.survivors)
    assert [name for name, _ in score.exercises()] == ["double", "quadruple"]
    assert sum(part.total for _, part in score.exercises()) == score.total


def test_progress_is_told_exercise_by_exercise(course: Course) -> None:
    done: list[str] = []
    mutate.run(course, NAME, done.append)
    assert done == ["double", "quadruple"]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


MEANS = """\
# %% [markdown]
# # Column means

# %%
import torch
from fasttrack.check import check, expect, require


def numbers(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class checks:
    @staticmethod
    @check
    def means(learner, seed):
        for i, shape in enumerate(SHAPES):
            x = numbers(seed + i, *shape)
            DEMAND


# %% exercise: means
def means(x):
    ### BEGIN SOLUTION
    return x.sum(0, keepdim=True) / x.shape[0]
    ### END SOLUTION

# %% test: means points=1
checks.means(means)
### BEGIN HIDDEN TESTS
checks.means(means, seed=9)
### END HIDDEN TESTS
"""
SHAPES = "[(3, 4), (5, 2), (1, 6), (7, 1)]"
DEMAND = "expect(learner, x).close(x.mean(0, keepdim=True))"
# A weakening of the check above, and a mutant that lives by it.
WEAK = {
    "tolerance 1": (SHAPES, DEMAND.replace("True))", "True), atol=1.0)"), "1.01"),
    "axis ignored: a symmetric input": (
        "[(4, 4), (3, 3)]",
        "x = x + x.T; require(torch.allclose(expect(learner, x).value.flatten(), x.mean(0)))",
        "x.sum(1, keepdim=True)",
    ),
    "only the sum is compared": (
        SHAPES,
        "require(torch.allclose(expect(learner, x).value.sum(), x.mean(0).sum(), atol=1e-6))",
        "x.sum(0) / x.shape[0]",
    ),
    "a single square shape": ("[(4, 4)]", DEMAND, "x.shape[1]"),
    "asserts nothing": (SHAPES, "expect(learner, x).value, require(True)", "x.sum(1, keepdim=True)"),
}


def score_of(course: Course, shapes: str, demand: str) -> mutate.Score:
    """The score of a lesson whose one check tries `shapes` and makes `demand`."""
    course.source(NAME).write_text(MEANS.replace("SHAPES", shapes).replace("DEMAND", demand))
    (course.answers / f"{NAME}.py").write_text("")
    return mutate.run(course, NAME)


def test_the_check_that_is_weakened_below_is_a_good_one(course: Course) -> None:
    score = score_of(course, SHAPES, DEMAND)
    assert score.share == 1, [mutant.diff for mutant in score.survivors]


@pytest.mark.parametrize(("shapes", "demand", "survivor"), WEAK.values(), ids=WEAK.keys())
def test_a_weak_check_scores_low(course: Course, shapes: str, demand: str, survivor: str) -> None:
    score = score_of(course, shapes, demand)
    assert score.share < 0.95
    assert any(survivor in mutant.diff for mutant in score.survivors), [m.diff for m in score.survivors]


def test_a_mutant_that_never_ends_is_caught(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "LEAST_LIMIT", 0.2)
    edit(course.source(NAME), "return 2 * x", "i = 0\n    while i < 2:\n        i += 1\n    return i * x")
    score = mutate.run(course, NAME)
    assert any("i -= 1" in result.mutant.diff and result.caught for result in score.results)


EQUIVALENT = "\n# %% equivalent: double — x + x is 2 * x\n# -    return 2 * x\n# +    return "


def test_listed_equivalents_do_not_count(course: Course) -> None:
    edit(course.source(NAME), "return 2 * x", "return 2 * x if x > 0 else 2 * x")
    before = mutate.run(course, NAME)
    path = course.answers / f"{NAME}.py"
    cells = [mutant.as_equivalent("both sides are the same") for mutant in before.survivors]
    assert cells
    path.write_text(path.read_text() + "\n" + "\n".join(cells))
    after = mutate.run(course, NAME)
    assert after.findings == ()
    assert after.survivors == []
    assert after.share == 1
    assert after.equivalent == len(before.survivors)
    assert after.total == before.total - len(cells)


def test_an_equivalent_that_is_caught_is_found(course: Course) -> None:
    path = course.answers / f"{NAME}.py"
    path.write_text(path.read_text() + EQUIVALENT + "3 * x\n")
    (finding,) = mutate.run(course, NAME).findings
    assert finding.message == "a test does catch this mutant: it is not equivalent"
    assert (finding.exercise, finding.rule, finding.path) == ("double", "equivalent", path)


def test_an_equivalent_that_is_gone_is_found(course: Course) -> None:
    path = course.answers / f"{NAME}.py"
    path.write_text(path.read_text() + EQUIVALENT + "x + x + 0\n")
    (finding,) = mutate.run(course, NAME).findings
    assert finding.message == "no mutant has this diff any more: take the cell out of the bank"


def test_a_reference_that_fails_is_refused(course: Course) -> None:
    edit(course.source(NAME), "return 2 * x", "return 3 * x")
    with pytest.raises(LessonError, match="the reference fails its own test: double: not right yet"):
        mutate.run(course, NAME)


def test_the_table_has_a_row_for_each_exercise(course: Course) -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(mutate.table(mutate.run(course, NAME)))
    text = console.export_text()
    assert all(word in text for word in (NAME, "double", "quadruple", "100.0%", "all"))


def test_the_cell_of_a_lesson_is_mutated_in_its_solution_only(course: Course) -> None:
    cell = read(course.source(NAME), NAME).exercises()["double"]
    assert all('"""Twice `x`."""' in mutant.source for mutant in mutants(cell))
