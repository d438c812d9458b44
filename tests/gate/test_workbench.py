"""A lesson in this process: answers are swapped in, run, stopped if need be, and leave no trace."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch

from autograder.gate.workbench import Workbench
from autograder.lesson import LessonError, read
from autograder.outcome import Outcome

LESSON = """\
# %% [markdown]
# # Counting

# %%
from __future__ import annotations

import random

import torch
from fasttrack.check import check, expect

table = [1, 2, 3]
weights = torch.zeros(3)


@check
def count(learner, seed):
    expect(learner, "abc" * seed).equals(3 * seed, {"one too many": 3 * seed + 1})


check_count = count

# %% exercise: count
def count(text):
    ### BEGIN SOLUTION
    return len(text)
    ### END SOLUTION

# %%
def twice(text):
    return count(text) + count(text)

# %% tags=["demo"]
raise RuntimeError("a demo is not run")

# %% test: count points=1
check_count(count, seed=1)
assert twice("ab") == 2 * count("ab")
### BEGIN HIDDEN TESTS
check_count(count, seed=2)
### END HIDDEN TESTS
"""
REFERENCE = "def count(text):\n    return len(text)"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    path = tmp_path / "lesson.py"
    path.write_text(LESSON)
    with Workbench(read(path, "unit/lesson")) as bench:
        yield bench


def test_a_right_answer_passes(bench: Workbench) -> None:
    run = bench.run("count", REFERENCE)
    assert run.passed
    assert run.printed.count("count: correct") == 2


def test_a_wrong_answer_gets_its_message(bench: Workbench) -> None:
    run = bench.run("count", "def count(text):\n    return len(text) + 1")
    assert run.outcome is Outcome.WRONG
    assert "one too many" in run.message


def test_the_hidden_part_can_be_left_out(bench: Workbench) -> None:
    answer = "def count(text):\n    return min(len(text), 3)"
    assert bench.run("count", answer, hidden=False).passed
    assert not bench.run("count", answer).passed


def test_a_message_shows_the_line_of_the_answer(bench: Workbench) -> None:
    run = bench.run("count", "def count(text):\n    return text.length")
    assert "at line 2 of your code: return text.length" in run.message


def test_given_functions_find_the_answer(bench: Workbench) -> None:
    """`twice` was defined by the lesson and looks up `count` when it is called."""
    answer = "seen = []\ndef count(text):\n    seen.append(text)\n    print(len(seen))\n    return len(text)"
    assert bench.run("count", answer).printed.split("\n")[2:5] == ["2", "3", "4"]


@pytest.mark.parametrize(
    "answer", ["x = 1", "def count(text):\n    return length(text)"], ids=["name", "helper"]
)
def test_an_answer_cannot_lean_on_the_reference(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "lesson.py"
    path.write_text(LESSON.replace("def count(text):", "length = len\ndef count(text):"))
    with Workbench(read(path, "unit/lesson")) as bench:
        assert bench.run("count", "length = len\n" + REFERENCE).passed
        run = bench.run("count", answer)
    assert not run.passed
    assert "NameError" in run.message


def test_names_are_put_back(bench: Workbench) -> None:
    before = dict(bench.namespace)
    bench.run("count", REFERENCE + "\nhelper = 1\ndel table, twice\n")
    assert bench.namespace == before


@pytest.mark.parametrize("change", ["table.append(4)", "weights.add_(1)"])
def test_given_data_are_put_back(bench: Workbench, change: str) -> None:
    answer = f"def count(text):\n    {change}\n    return len(text) if len(table) + weights.sum() == 4 else 0"
    outcomes = [bench.run("count", answer, hidden=False).message for _ in range(2)]
    assert bench.namespace["table"] == [1, 2, 3]
    assert bench.namespace["weights"].tolist() == [0, 0, 0]
    assert outcomes[0] == outcomes[1]


def test_settings_and_random_states_are_put_back(bench: Workbench) -> None:
    torch.manual_seed(3)
    random.seed(3)
    states = torch.get_rng_state(), random.getstate()
    bench.run(
        "count",
        REFERENCE + "\ntorch.manual_seed(5)\nrandom.seed(5)\ntorch.set_default_dtype(torch.float64)\n"
        "torch.set_grad_enabled(False)\nimport matplotlib.pyplot as plt\nplt.figure()\n",
    )
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert not plt.get_fignums()


def test_each_run_draws_the_same_numbers(bench: Workbench) -> None:
    answer = REFERENCE + "\nprint(torch.rand(3), random.random())"
    assert bench.run("count", answer).printed == bench.run("count", answer).printed
    assert bench.run("count", answer).printed != bench.run("count", answer, seed=1).printed


def test_warnings_are_no_failures(bench: Workbench) -> None:
    assert bench.run("count", "import warnings\nwarnings.warn('old')\n" + REFERENCE).passed


def test_an_answer_that_cannot_be_run_is_an_error(bench: Workbench) -> None:
    run = bench.run("count", "import nowhere\n" + REFERENCE)
    assert run.outcome is Outcome.ERROR
    assert "ModuleNotFoundError" in run.message


def test_an_answer_that_exits_is_an_error(bench: Workbench) -> None:
    assert bench.run("count", "def count(text):\n    exit()").outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "loop",
    [
        "while True: pass",
        "while True:\n        try: [].pop()\n        except: pass",
        "while True: print('x')",
    ],
)
def test_an_endless_answer_is_stopped(bench: Workbench, loop: str) -> None:
    handlers = signal.getsignal(signal.SIGPROF), signal.getsignal(signal.SIGALRM)
    assert bench.run("count", f"def count(text):\n    {loop}", limit=0.2).outcome is Outcome.TIMEOUT
    assert (signal.getsignal(signal.SIGPROF), signal.getsignal(signal.SIGALRM)) == handlers
    assert signal.getitimer(signal.ITIMER_PROF) == signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_answer_that_waits_without_end_is_stopped(bench: Workbench) -> None:
    waits = "import time\ndef count(text):\n    time.sleep(600)"
    assert bench.run("count", waits, limit=0.02).outcome is Outcome.TIMEOUT


def test_a_limit_that_a_destructor_swallows_comes_again(bench: Workbench) -> None:
    answer = """
class Swallows:
    def __del__(self):
        while True: pass
def count(text):
    Swallows()
    while True: pass"""
    assert bench.run("count", answer, limit=0.2).outcome is Outcome.TIMEOUT


def test_a_future_import_lasts(bench: Workbench) -> None:
    assert bench.run("count", "def count(text: Undefined):\n    return len(text)").passed


def test_a_failing_cell_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "lesson.py"
    path.write_text(LESSON.replace("table = [1, 2, 3]", "table = [1, 2, 3]\ntable[3]"))
    with pytest.raises(LessonError, match="this cell fails: IndexError") as caught:
        Workbench(read(path, "unit/lesson"))
    assert caught.value.line == LESSON.splitlines().index("table = [1, 2, 3]") + 2
