"""The gate lets a good test through, and refuses each kind of bad one for its own reason."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from autograder.course import Course
from autograder.gate import gate, workbench
from autograder.gate.examination import stub
from autograder.lesson import read

NAME = "01_unit/01_means"

LESSON = '''\
# %% [markdown]
# # Means

# %%
import torch
from fasttrack.check import CheckFailed, check, expect, require


def numbers(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@check
def means(learner, seed):
{check}


check_means = means

# %% exercise: means
def means(x: torch.Tensor) -> torch.Tensor:
    """Of each column: `(n, m)` -> `(m,)`."""
    ### BEGIN SOLUTION
    return x.sum(0) / x.shape[0]
    ### END SOLUTION

# %% test: means points=1
{test}
'''
TEST = "check_means(means)\n### BEGIN HIDDEN TESTS\ncheck_means(means, seed=3)\n### END HIDDEN TESTS"
CHECK = """\
    for i, shape in enumerate([(3, 4), (5, 2), (1, 6), (7, 1)]):
        x = numbers(seed + i, *shape)
        expect(learner, x).close(x.mean(0), {
            "the mean over rows, not columns": x.mean(1),
            "divide by the number of rows": x.sum(0),
            "divide by the number of rows, not of columns": x.sum(0) / shape[1],
        })
"""
ANSWERS = """\
# %% right: means — torch's own
def means(x):
    return x.mean(0)

# %% right: means — a loop
def means(x):
    return torch.stack([sum(column) / len(column) for column in x.T])

# %% wrong: means — the other dimension  hint="over rows, not columns"
def means(x):
    return x.mean(1)

# %% wrong: means — the sum  hint="divide by the number of rows"
def means(x):
    return x.sum(0)

# %% wrong: means — divides by the columns  hint="not of columns"
def means(x):
    return x.sum(0) / x.shape[1]
"""


def write(root: Path, *, check: str = CHECK, test: str = TEST, answers: str = ANSWERS) -> Course:
    """A course of one exercise, with the check, the test cell and the bank given."""
    course = Course(root)
    lesson = LESSON.replace("{check}", check.rstrip()).replace("{test}", test)
    for path, text in ((course.source(NAME), lesson), (course.answers / f"{NAME}.py", answers)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return course


def rules(course: Course) -> set[str]:
    """The rules that the gate finds broken."""
    return {finding.rule for finding in gate.run(course, NAME).findings}


def test_a_good_test_passes(tmp_path: Path) -> None:
    report = gate.run(write(tmp_path), NAME)
    assert not report.findings
    (tested,) = report.exercises
    assert (tested.exercise, tested.right, tested.wrong) == ("means", 2, 3)
    assert tested.others > 20


def test_the_course_of_the_other_tests_passes(course: Course) -> None:
    report = gate.run(course, "01_unit/01_doubling")
    assert [str(finding) for finding in report.findings] == []


def test_progress_is_told_exercise_by_exercise(course: Course) -> None:
    done: list[str] = []
    report = gate.run(course, "01_unit/01_doubling", done.append)
    assert sorted(done) == sorted(tested.exercise for tested in report.exercises) == ["double", "quadruple"]


# What a check must not be, and the rules that refuse it.
WEAK = {
    "axis ignored: only the sum is compared, of a square": (
        """\
    for i in range(3):
        x = numbers(seed + i, 4, 4)
        got = expect(learner, x).value
        require(abs(float(got.sum() - x.mean(0).sum())) < 1e-5)
""",
        {"wrong"},
    ),
    "axis ignored: sorted values, of a symmetric input": (
        """\
    for i in range(3):
        x = numbers(seed + i, 4, 4)
        x = x + x.T
        got = expect(learner, x).value
        require(torch.allclose(got.sort().values, x.mean(0).sort().values))
""",
        {"wrong"},
    ),
    "asserts nothing": (
        "    expect(learner, numbers(seed, 3, 4)).value\n    require(True)\n",
        {"lazy", "wrong"},
    ),
    "compares nothing at all": ("    learner(numbers(seed, 3, 4))\n", {"reference"}),
    "swallows exceptions": (
        """\
    for i, shape in enumerate([(3, 4), (5, 2)]):
        x = numbers(seed + i, *shape)
        try:
            got = learner(x)
        except Exception:
            require(True)
            continue
        expect(lambda: got).close(x.mean(0))
""",
        {"raises"},
    ),
    "expects an error and asks for nothing else": (
        "    expect(learner, None).raises(AttributeError)\n",
        {"raises"},
    ),
    "nan passes": (
        """\
    for i in range(3):
        x = numbers(seed + i, 3, 4)
        require(not bool(((expect(learner, x).value - x.mean(0)).abs() > 1e-5).any()))
""",
        {"lazy"},
    ),
    "lets a learner's error through": (
        """\
    x = numbers(seed, 3, 4)
    got = learner(x)
    expect(learner, x).close(x.mean(0))
""",
        {"raises"},
    ),
    "changes its input after passing it": (CHECK + "        x.mul_(2)\n", {"inputs"}),
    "changes its input between two direct calls": (
        """\
    x = numbers(seed, 3, 4)
    for _ in range(2):
        got = learner(x)
        require(torch.allclose(got, x.mean(0)))
        x.mul_(2)
""",
        {"inputs"},
    ),
    "ignores the seed": (CHECK.replace("seed + i", "i"), {"seed"}),
    "draws from the global random state": (
        CHECK.replace("numbers(seed + i, *shape)", "torch.randn(shape)"),
        {"deterministic"},
    ),
    "passes by chance": (
        CHECK + "    require(bool(torch.rand(()) > 0.3))\n",
        {"deterministic"},
    ),
    "has one answer to all that it asks": (
        """\
    for rows in (2, 3 + seed):
        expect(learner, torch.full((rows, 2), 5.0)).equals(torch.full((2,), 5.0))
""",
        {"lazy"},
    ),
}


@pytest.mark.parametrize(("check", "broken"), WEAK.values(), ids=WEAK.keys())
def test_a_weak_check_is_refused(tmp_path: Path, check: str, broken: set[str]) -> None:
    assert broken <= rules(write(tmp_path, check=check))


def test_a_check_that_cannot_see_the_stub_is_refused(tmp_path: Path) -> None:
    check = "    x = numbers(seed, 3, 4)\n    got = learner(x)\n" + CHECK
    assert "stub" in rules(write(tmp_path, check=check))


def test_the_stub_is_what_is_released(tmp_path: Path) -> None:
    course = write(tmp_path)
    source = stub(read(course.source(NAME), NAME).exercises()["means"])
    assert source.endswith('-> `(m,)`."""\n    # your code here\n    raise NotImplementedError')


def test_a_hidden_test_without_a_new_seed_is_refused(tmp_path: Path) -> None:
    assert rules(write(tmp_path, test=TEST.replace("seed=3", "seed=0"))) == {"seed"}


def test_a_reference_that_fails_is_found(tmp_path: Path) -> None:
    assert rules(write(tmp_path, check=CHECK.replace("x.mean(0), {", "x.mean(0) + 1, {"))) == {"reference"}


def test_a_reference_that_fails_the_hidden_tests_is_found(tmp_path: Path) -> None:
    check = CHECK.replace("x.mean(0), {", "x.mean(0) + seed, {")
    assert rules(write(tmp_path, check=check)) == {"reference"}


def finding(course: Course) -> gate.Finding:
    """The only one there is."""
    (found,) = gate.run(course, NAME).findings
    return found


def test_a_right_answer_that_fails_is_found(tmp_path: Path) -> None:
    course = write(tmp_path, answers=ANSWERS.replace("x.mean(0)", "x.mean(0) * 1.01"))
    found = finding(course)
    assert found.rule == "right"
    assert (found.exercise, found.answer, found.line) == ("means", "torch's own", 1)
    assert str(found).startswith(f"{found.path}:1: {NAME} · means · torch's own: a right answer fails: wrong")


def test_a_wrong_answer_that_passes_is_found(tmp_path: Path) -> None:
    found = finding(write(tmp_path, answers=ANSWERS.replace("x.mean(1)", "0 + x.mean(0)")))
    assert (found.rule, found.message) == ("wrong", "a wrong answer passes the visible test")


def test_a_wrong_answer_with_another_hint_is_found(tmp_path: Path) -> None:
    found = finding(write(tmp_path, answers=ANSWERS.replace("over rows, not columns", "over time")))
    assert found.rule == "wrong"
    assert "the hint 'over time' is not in: means: not right yet" in found.message


def test_a_wrong_answer_that_cannot_be_run_is_found(tmp_path: Path) -> None:
    found = finding(write(tmp_path, answers=ANSWERS.replace("return x.mean(1)", "pass\nmeans = undefined")))
    assert "no diagnosis but error: NameError" in found.message


def test_an_endless_answer_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "RUN_LIMIT", 0.5)
    found = finding(write(tmp_path, answers=ANSWERS.replace("return x.mean(1)", "while True: pass")))
    assert "no diagnosis but timeout" in found.message


def test_too_few_answers_are_found(tmp_path: Path) -> None:
    cells = ANSWERS.split("# %% ")
    report = gate.run(write(tmp_path, answers="# %% " + "# %% ".join(cells[2:-1])), NAME)
    assert [found.message for found in report.findings] == [
        "1 right answers, and at least 2 are needed",
        "2 wrong answers, and at least 3 are needed",
    ]


def test_no_bank_at_all_is_found(tmp_path: Path) -> None:
    course = write(tmp_path)
    (course.answers / f"{NAME}.py").unlink()
    assert rules(course) == {"lesson"}


def test_a_cell_that_fails_is_found(tmp_path: Path) -> None:
    course = write(tmp_path)
    path = course.source(NAME)
    path.write_text(path.read_text().replace("import torch\n", "import torch\n1 / 0\n"))
    found = finding(course)
    assert (found.rule, found.exercise, found.line) == ("lesson", "", 6)
    assert found.message == "this cell fails: ZeroDivisionError: division by zero"


SECOND = '''
# %% exercise: spread
def spread(x: torch.Tensor) -> torch.Tensor:
    """Of each column, the largest minus the mean: `(n, m)` -> `(m,)`."""
    ### BEGIN SOLUTION
    return x.amax(0) - means(x)
    ### END SOLUTION

# %% test: spread points=1
check_spread(spread)
'''
CHECK_SPREAD = """
{guard}
@check
def spread(learner, seed):
    for i in range(3):
        x = numbers(seed + i, 3, 4)
        expect(learner, x).close(x.amax(0) - x.mean(0))


check_spread = spread
"""


def with_second(course: Course, *, first: str = "", second: str = "") -> Course:
    """The course with a second exercise; lines added to the first test cell and before the second call."""
    path = course.source(NAME)
    text = path.read_text().replace("check_means(means)\n", f"check_means(means)\n{first}\n")
    text = text.replace(
        "check_means = means\n", "check_means = means\n" + CHECK_SPREAD.replace("{guard}", "")
    )
    path.write_text(text + SECOND.replace("check_spread(spread)", f"{second}\ncheck_spread(spread)"))
    bank = course.answers / f"{NAME}.py"
    answers = [
        "# %% right: spread — its own mean\ndef spread(x):\n    return x.amax(0) - x.mean(0)\n",
        "# %% right: spread — sorted\ndef spread(x):\n    return x.sort(0).values[-1] - means(x)\n",
        '# %% wrong: spread — min  hint="expected"\ndef spread(x):\n    return x.amin(0) - means(x)\n',
        '# %% wrong: spread — sign  hint="expected"\ndef spread(x):\n    return means(x) - x.amax(0)\n',
        '# %% wrong: spread — no mean  hint="expected"\ndef spread(x):\n    return x.amax(0)\n',
    ]
    bank.write_text(bank.read_text() + "\n" + "\n".join(answers))
    return course


def test_an_exercise_may_build_on_another(tmp_path: Path) -> None:
    assert gate.run(with_second(write(tmp_path)), NAME).clean


def test_a_test_that_needs_a_name_of_another_test_is_refused(tmp_path: Path) -> None:
    course = with_second(write(tmp_path), first="tested = True", second="assert tested")
    found = finding(course)
    assert (found.exercise, found.rule) == ("spread", "reference")
    assert "name 'tested' is not defined" in found.message


def test_a_test_that_needs_what_another_left_in_given_data_is_refused(tmp_path: Path) -> None:
    course = with_second(write(tmp_path), first="done.append(1)", second="assert done")
    path = course.source(NAME)
    path.write_text(path.read_text().replace("import torch\n", "import torch\n\ndone = []\n"))
    found = finding(course)
    assert (found.exercise, found.rule) == ("spread", "reference")


def test_a_test_that_needs_what_another_left_in_a_module_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "left_behind.py").write_text("done = []\n")
    monkeypatch.syspath_prepend(tmp_path)
    course = with_second(
        write(tmp_path),
        first="import left_behind\nleft_behind.done.append(1)",
        second="import left_behind\nassert left_behind.done",
    )
    found = finding(course)
    assert (found.exercise, found.rule) == ("spread", "reference")


CLASS_LESSON = """\
# %% [markdown]
# # Counters

# %%
from fasttrack.check import check, expect


@check
def Counter(learner, seed):
    counter = expect(learner, 5 + seed).value
    expect(counter.step).equals(6 + seed, {"count before you answer": 5 + seed})
    expect(counter.step).equals(7 + seed)
{more}

check_counter = Counter

# %% exercise: Counter
class Counter:
    def __init__(self, start):
        ### BEGIN SOLUTION
        self.count = start
        ### END SOLUTION

    def step(self):
        ### BEGIN SOLUTION
        self.count += 1
        return self.count
        ### END SOLUTION

    def reset(self, start):
        ### BEGIN SOLUTION
        self.count = start
        ### END SOLUTION

# %% test: Counter points=1
check_counter(Counter)
"""
MORE = """\
    expect(counter.reset, 2).equals(None)
    expect(counter.step).equals(3, {"reset starts again": 8 + seed})
"""
COUNTER = """
class Counter:
    def __init__(self, start):
        self.count = START
    def step(self):
        self.count += 1
        return RETURN
    def reset(self, start):
        self.count = RESET
"""


def counter(start: str = "start", returned: str = "self.count", reset: str = "start") -> str:
    return COUNTER.replace("START", start).replace("RETURN", returned).replace("RESET", reset)


COUNTERS = (
    "# %% right: Counter — plus nothing" + counter("0 + start")
    + "# %% right: Counter — plus nothing either" + counter("start + 0")
    + '# %% wrong: Counter — one behind  hint="before you answer"' + counter(returned="self.count - 1")
    + '# %% wrong: Counter — from nothing  hint="expected  6"' + counter("0")
    + '# %% wrong: Counter — no reset  hint="starts again"' + counter(reset="self.count")
)  # fmt: skip


@pytest.mark.parametrize(("more", "clean"), [(MORE, True), ("", False)], ids=["every method", "two methods"])
def test_a_class_is_tested_in_all_its_methods(tmp_path: Path, more: str, clean: bool) -> None:
    course = Course(tmp_path)
    lesson = CLASS_LESSON.replace("{more}", more)
    for path, text in ((course.source(NAME), lesson), (course.answers / f"{NAME}.py", COUNTERS)):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    report = gate.run(course, NAME)
    assert report.clean is clean, [str(finding) for finding in report.findings]


def test_the_table_names_what_is_wrong(tmp_path: Path) -> None:
    report = gate.run(write(tmp_path, answers=ANSWERS.replace("over rows, not columns", "[over] time")), NAME)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(gate.table(report))
    text = console.export_text()
    assert NAME in text
    assert "the hint '[over] time' is not in" in text


VALUE_LESSON = """\
# %% [markdown]
# # Values

# %%
from fasttrack.check import check, expect


@check
def answer(learner, seed):
    expect(lambda: learner).equals({want})


check_answer = answer

# %% exercise: answer
### BEGIN SOLUTION
answer = 42
### END SOLUTION

# %% test: answer points=1
check_answer(answer)
"""


def test_a_value_is_tested_against_constants(tmp_path: Path) -> None:
    course = Course(tmp_path)
    texts = {
        course.source(NAME): VALUE_LESSON.replace("{want}", "42 if learner else learner"),
        course.answers / f"{NAME}.py": "",
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True)
        path.write_text(text)
    found = [finding.answer for finding in gate.run(course, NAME).findings if finding.rule == "lazy"]
    assert found == ["None", "0", "False", "''", "[]"]


def test_a_reference_or_right_answer_with_a_forbidden_call_is_refused(tmp_path: Path) -> None:
    course = write(tmp_path)
    path = course.source(NAME)
    path.write_text(
        path.read_text().replace("# %% exercise: means", '# %% exercise: means forbid=[".sum", ".mean"]')
    )
    found = [finding for finding in gate.run(course, NAME).findings if "forbids" in finding.message]
    assert [(finding.rule, finding.path) for finding in found] == [
        ("forbidden", path),
        ("right", course.answers / f"{NAME}.py"),
    ]
