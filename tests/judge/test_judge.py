"""From bytes to a verdict, on a lesson of two exercises: every outcome, fairness after a crash, the notebook."""

from __future__ import annotations

import shutil
import time
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course import CourseError
from autograder.judge.judge import judge
from autograder.judge.sandbox import Limits
from autograder.notebook import nbgrader
from autograder.outcome import Outcome, Verdict

GIVEN = "from fasttrack.check import expect, require\nimport math"
DOUBLE = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
TEST_DOUBLE = (
    'expect(double, 3).equals(6, {"you squared it": 9})\n'
    "### BEGIN HIDDEN TESTS\nexpect(double, 50).equals(100)\n### END HIDDEN TESTS"
)
TWICE = "def twice(x):\n    ### BEGIN SOLUTION\n    return double(double(x))\n    ### END SOLUTION"
TEST_TWICE = "expect(twice, 1).equals(4)\nprint(math.floor(1.5), 'is one')"
LIMITS = Limits(
    cell_seconds=2, test_seconds=2, lesson_seconds=30, grace_seconds=0.5, memory=600 << 20, cpu_seconds=30
)


def graded(source: str, grade_id: str, **given: Any) -> Any:
    return new_code_cell(source, id=grade_id, metadata={"nbgrader": nbgrader(grade_id, **given)})


def lesson(forbid: tuple[str, ...] = (), **replaced: str | None) -> bytes:
    """The source notebook, or with cells replaced or (None) left out, a submission."""
    cells = {
        "title": new_markdown_cell("# Doubling", id="title"),
        "given": new_code_cell(GIVEN, id="given"),
        "double": graded(DOUBLE, "double", solution=True),
        "between": new_code_cell("double", id="between"),
        "test_double": graded(TEST_DOUBLE, "test_double", grade=True, locked=True, points=2),
        "twice": graded(TWICE, "twice", solution=True),
        "demo": new_code_cell("import os; os._exit(1)", id="demo", metadata={"tags": ["demo"]}),
        "test_twice": graded(TEST_TWICE, "test_twice", grade=True, locked=True, points=1),
    }
    if forbid:
        cells["test_double"].metadata.fasttrack = {"forbid": list(forbid)}
    for name, source in replaced.items():
        if source is None:
            del cells[name]
        else:
            cells[name].source = source
    notebook = new_notebook(
        cells=list(cells.values()), metadata={"fasttrack": {"lesson": "01_unit/01_doubling"}}
    )
    return nbformat.writes(notebook).encode()


def judged(limits: Limits = LIMITS, sandbox: bool = True, **replaced: str | None) -> Verdict:
    return judge(lesson(), lesson(**replaced), limits, sandbox=sandbox)


def outcomes(verdict: Verdict) -> list[str]:
    return [result.outcome for result in verdict.results]


RIGHT_TWICE = "def twice(x):\n    return x * 4"


def outputs(verdict: Verdict, name: str) -> list[Any]:
    cells = nbformat.reads(verdict.notebook.decode(), as_version=4).cells
    return next(cell.outputs for cell in cells if cell.id == name)


def text(verdict: Verdict, name: str) -> str:
    return "".join(str(output.get("text", output.get("data", output))) for output in outputs(verdict, name))


def test_the_reference_passes_and_the_demo_is_not_run() -> None:
    verdict = judged()
    assert (verdict.points, verdict.max_points, verdict.lesson) == (3, 3, "01_unit/01_doubling")
    assert [result.name for result in verdict.results] == ["double", "twice"]
    assert verdict.notes == ()
    assert "1 is one" in text(verdict, "test_twice")
    assert "function __main__.double" in text(verdict, "between")


@pytest.mark.parametrize("sandbox", [True, False])
def test_a_wrong_answer_names_its_mistake(sandbox: bool) -> None:
    result = judged(sandbox=sandbox, double="def double(x):\n    return x * x").results[0]
    assert (result.outcome, result.mistake, result.points) == (Outcome.WRONG, "you squared it", 0)
    assert "called    double(3)" in result.message


@pytest.mark.parametrize(
    ("double", "outcome", "said"),
    [
        ("def double(x):\n    return x / 0", Outcome.ERROR, "at line 2 of your code: return x / 0"),
        (
            "def helper(x): return x / 0\ndef double(x):\n    return helper(x)",
            Outcome.ERROR,
            "called at line 3, in double: return helper(x)",
        ),
        ("def double(x):\n    while True: pass", Outcome.TIMEOUT, "its time is up"),
        ("while True: pass", Outcome.TIMEOUT, "its time is up"),
        ("def double(x):\n    return bytearray(1 << 32)", Outcome.MEMORY, "MemoryError"),
        ("blob = bytearray(1 << 32)\ndef double(x): pass", Outcome.MEMORY, "MemoryError"),
        ("import os\ndef double(x):\n    os._exit(3)", Outcome.CRASHED, "exit status 3"),
        ("import os\nos._exit(3)", Outcome.CRASHED, "exit status 3"),
        (None, Outcome.MISSING, "not in the notebook"),
        (
            "def double(x):\n    # your code here\n    raise NotImplementedError",
            Outcome.NOT_ATTEMPTED,
            "not written",
        ),
        ("def double(x):\n    return [None] * 600_000", Outcome.MALFORMED, "more than"),
        ("def double(x:\n", Outcome.ERROR, "SyntaxError"),
        ("1 / 0\ndef double(x): pass", Outcome.ERROR, "at line 1 of your code: 1 / 0"),
        ("double = 6", Outcome.WRONG, "is a function or a class"),
        ("def double(x):\n    return float(2 * x)", Outcome.WRONG, "6.0"),
    ],
)
def test_each_way_to_fail_has_its_outcome_and_the_next_test_its_chance(
    double: str | None, outcome: Outcome, said: str
) -> None:
    verdict = judged(double=double, twice=RIGHT_TWICE)
    assert outcomes(verdict) == [outcome, Outcome.PASSED]
    assert said in verdict.results[0].message
    assert said in str(outputs(verdict, "test_double"))


def test_a_process_is_restarted_so_often_and_no_more() -> None:
    crash = "import os\ndef {}(x):\n    os._exit(1)"
    limits = Limits(restarts=0, memory=600 << 20)
    verdict = judged(limits, double=crash.format("double"), twice=RIGHT_TWICE)
    assert outcomes(verdict) == [Outcome.CRASHED, Outcome.CRASHED]
    assert "not run: the notebook's process was ended 1 times" in verdict.results[1].message


def test_a_cell_that_cannot_be_interrupted_is_left_out_after_a_restart() -> None:
    block = "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\ntime.sleep(20)"
    verdict = judged(given=block, twice=RIGHT_TWICE)
    assert outcomes(verdict) == [Outcome.PASSED, Outcome.PASSED]
    assert "cannot be interrupted" in text(verdict, "given")


def test_the_time_for_the_lesson_is_bounded() -> None:
    limits = Limits(cell_seconds=5, lesson_seconds=1.5, grace_seconds=0.2, memory=600 << 20)
    began = time.monotonic()
    verdict = judged(limits, between="while True: pass")
    assert outcomes(verdict) == [Outcome.TIMEOUT, Outcome.TIMEOUT]
    assert time.monotonic() - began < 5


def test_what_the_learner_does_to_tests_and_imports_is_ignored() -> None:
    square = "def double(x):\n    return x * x"
    doctored = "class expect:\n    def __init__(*_): pass\n    def equals(*_): pass\nmath = None"
    verdict = judged(double=square, given=doctored, test_double="print('passed')", test_twice=None)
    assert outcomes(verdict) == [Outcome.WRONG, Outcome.WRONG]
    assert "expect(double, 3)" in verdict.notebook.decode()


def test_the_judged_notebook_is_valid_and_keeps_the_hidden_tests() -> None:
    verdict = judged(double="def double(x):\n    return 2 * x if x < 10 else 0")
    nbformat.validate(nbformat.reads(verdict.notebook.decode(), as_version=4))
    assert verdict.results[0].outcome is Outcome.WRONG
    assert "expect(double, 50)" not in verdict.notebook.decode()


def test_warnings_and_stderr_cost_nothing() -> None:
    noisy = "import sys, warnings\ndef double(x):\n    warnings.warn('hm')\n"
    noisy += "    print('!', file=sys.stderr)\n    return 2 * x"
    assert judged(double=noisy).points == 3


def test_cells_behave_as_in_jupyter() -> None:
    source = (
        "import asyncio, warnings\nimport matplotlib.pyplot as plt\nfrom IPython.display import display\n"
        "await asyncio.sleep(0)\n%timeit -n1 -r1 1\ndisplay({'a': 1})\nplt.plot([1, 2])\nwarnings.warn('mind')\n"
        "display('old', display_id='d')\ndisplay('new', display_id='d', update=True)\n41 + 1"
    )
    verdict = judged(Limits(memory=1 << 30), between=source)
    kinds = [output.output_type for output in outputs(verdict, "between")]
    assert kinds.count("execute_result") == 1
    shown = text(verdict, "between")
    for piece in ("loop", "{'text/plain': \"{'a': 1}\"}", "image/png", "UserWarning: mind", "'42'", "new"):
        assert piece in shown
    assert "'old'" not in shown


def test_importing_torch_is_no_cells_time() -> None:
    verdict = judged(given="import sys\nprint('torch' in sys.modules)")
    assert text(verdict, "given") == "True\n"


def test_output_is_bounded_and_says_so() -> None:
    limits = Limits(cell_output=5000, memory=600 << 20)
    verdict = judged(limits, between="for i in range(100_000): print('x' * 100)")
    assert 4000 < len(text(verdict, "between")) < 8000
    assert "more output" in text(verdict, "between")
    assert verdict.points == 3


@pytest.mark.parametrize(
    "double",
    [
        "import math\ndef double(x):\n    return math.ldexp(x, 1)",
        "from math import ldexp as l\ndef double(x):\n    return int(l(x, 1))",
        "import math as m\nshift = m.ldexp\ndef double(x):\n    return int(shift(x, 1))",
        "import math\ndef double(x):\n    return int(getattr(math, 'ldexp')(x, 1))",
        "from math import *\ndef double(x):\n    return int(ldexp(x, 1))",
        "def double(x):\n    return x.bit_length()",
        "def double(x):\n    return 2 * x\nimport math\ndouble = math.ldexp",
    ],
)
def test_a_forbidden_call_is_found_in_the_cell(double: str) -> None:
    source = lesson(forbid=("math.ldexp", ".bit_length"))
    result = judge(source, lesson(double=double), LIMITS).results[0]
    assert result.outcome is Outcome.FORBIDDEN
    assert "without" in result.message


def test_a_forbidden_call_is_noticed_when_it_happens() -> None:
    later = lesson(between="from math import ldexp as double", twice=RIGHT_TWICE)
    assert judge(lesson(forbid=("math.ldexp",)), later, LIMITS).results[0].outcome is Outcome.FORBIDDEN
    hidden = "import math\ndef helper(x):\n    return int(vars(math)['ld' + 'exp'](x, 1))"
    caller = "def double(x):\n    return helper(x)"
    source = lesson(forbid=("math.ldexp",))
    result = judge(source, lesson(given=hidden, double=caller), LIMITS).results[0]
    assert (result.outcome, result.points) == (Outcome.FORBIDDEN, 0)
    operator = "class double:\n    def __init__(self, x):\n        self.x = x\n"
    operator += "    def __add__(self, y):\n        return helper(self.x + y)"
    added = lesson(forbid=("math.ldexp",), test_double="require(double(1) + 2 == 6)")
    assert judge(added, lesson(given=hidden, double=operator), LIMITS).results[0].outcome is Outcome.FORBIDDEN
    elsewhere = "import math\nprint(math.ldexp(1, 2))"
    assert judge(source, lesson(between=elsewhere), LIMITS).points == 3


@pytest.mark.parametrize(
    "submission", [b"", b"not json", b"{}", b"[]", b'{"cells": 3}', b"\xff\xfe", b"null"]
)
def test_a_file_that_is_no_notebook_is_malformed(submission: bytes) -> None:
    verdict = judge(lesson(), submission, LIMITS)
    assert outcomes(verdict) == [Outcome.MALFORMED, Outcome.MALFORMED]
    assert verdict.notebook == submission


def test_cells_that_no_file_can_hold_are_no_obstacle() -> None:
    submission = lesson(between="print('SURROGATE', end='')").replace(b"SURROGATE", b"\\ud800")
    assert judge(lesson(), submission, LIMITS).points == 3


def test_without_bubblewrap_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CourseError, match="bubblewrap"):
        judged()


def test_a_check_from_the_notebook_itself_is_refused() -> None:
    with pytest.raises(CourseError, match="must be imported"):
        judge(lesson(given="def expect(x): pass"), lesson())


def test_a_check_that_breaks_is_noted() -> None:
    source = lesson(test_double="expect(double, 3).value.shape")
    verdict = judge(source, lesson(), LIMITS)
    assert outcomes(verdict) == [Outcome.ERROR, Outcome.PASSED]
    assert "could not be completed" in verdict.notes[0]
