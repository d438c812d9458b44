"""`expect`: what passes, what fails, and what the learner reads."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from fasttrack.check import CheckFailed, NotWritten, check, expect, require
from fasttrack.check.values import describe


def message(function: Callable[[], object]) -> str:
    with pytest.raises(CheckFailed) as failure:
        function()
    return str(failure.value)


def double(x: Any) -> Any:
    return 2 * x


def test_agreement_is_silent_and_chains() -> None:
    x = torch.ones(2, 3)
    expect(double, x).dtype(torch.float32).equals(2 * x).close(2 * x)


def test_a_difference_says_what_was_called_expected_and_got() -> None:
    assert message(lambda: expect(double, 3).equals(7)) == (
        "double: not right yet\n"
        "  called    double(3)\n"
        "  expected  7\n"
        "  got       6"
    )  # fmt: skip


def test_the_first_differing_element_is_shown() -> None:
    text = message(lambda: expect(double, torch.zeros(2, 3)).equals(torch.tensor([[0.0, 0, 0], [0, 1, 1]])))
    assert "expected  at [1, 1]: 1" in text
    assert "got       at [1, 1]: 0   (2 of 6 elements differ)" in text


@pytest.mark.parametrize(
    ("got", "want", "said"),
    [
        (torch.zeros(2, 3), torch.zeros(3, 2), "shape (2, 3)"),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64), "dtype torch.float32"),
        (torch.zeros(2), np.zeros(2, dtype=np.float32), "a tensor, not an array"),
        (None, torch.zeros(2), "None"),
        (1, True, "1: an int, not a bool"),
        (1, 1.0, "1: an int, not a float"),
        (torch.tensor(3), 3, "a tensor, not an int"),
        (np.int64(3), 3, "3: an int64, not an int"),
        ([1], (1,), "[1]: a list, not a tuple"),
        ((1, 2), (1,), "length 2, not 1"),
        ((1, 2), (1, 3), "item 1 is 2"),
        ({"a": 1}, {"b": 1}, "keys ['a']"),
        ((1, [2.0, 3.0]), (1, [2.0, 4.0]), "item 1[1] is 3.0"),
        ([torch.zeros(2)], [torch.tensor([0.0, 1.0])], "item 0 at [1]: 0"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "['a'][1] is 2"),
        ([{"a": 1}], [{"a": 2}], "item 0['a'] is 1"),
        ({0: 1}, {0: 2}, "item 0 is 1"),
        (float("nan"), 1.0, "nan"),
        (torch.tensor([float("nan")]), torch.tensor([0.0]), "at [0]: nan"),
    ],
)
def test_types_shapes_and_dtypes_must_agree(got: Any, want: Any, said: str) -> None:
    assert said in message(lambda: expect(lambda: got).equals(want))


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, float("nan"), "a", b"a", [1, (2, {"k": torch.eye(2)})]]
)
def test_a_value_agrees_with_itself(value: Any) -> None:
    expect(lambda: value).equals(value)


def test_a_nested_list_stands_for_a_tensor_of_any_dtype() -> None:
    expect(lambda: torch.eye(2, dtype=torch.bool)).equals([[True, False], [False, True]])
    expect(lambda: torch.tensor([0.1], dtype=torch.float64)).close([0.1])
    assert "shape (1, 2)" in message(lambda: expect(lambda: torch.zeros(2)).equals([[0, 0]]))


def test_close_is_tight() -> None:
    want = torch.ones(3)
    expect(lambda: want + 2e-6).close(want)
    message(lambda: expect(lambda: want + 2e-6).equals(want))
    message(lambda: expect(lambda: want + 3e-5).close(want))
    expect(lambda: want + 3e-5).close(want, atol=1e-4)
    message(lambda: expect(lambda: want.double() + 1e-6).close(want.double()))


def test_a_mistake_is_named_only_when_the_output_shows_it() -> None:
    mistakes = {"you squared it": 9, "you added two": 5}
    assert "mistake   you squared it" in message(lambda: expect(lambda x: x * x, 3).equals(6, mistakes))
    assert "mistake" not in message(lambda: expect(lambda x: x + 1, 3).equals(6, mistakes))


def test_mistakes_are_worked_out_only_where_an_answer_is_wrong() -> None:
    asked: list[int] = []

    def mistakes() -> dict[str, int]:
        asked.append(1)
        return {"you squared it": 9}

    expect(lambda x: x + x, 3).equals(6, mistakes)
    assert not asked
    assert "mistake   you squared it" in message(lambda: expect(lambda x: x * x, 3).equals(6, mistakes))


def test_a_mistake_can_be_an_error() -> None:
    def strict(x: Any) -> Any:
        return x.view(-1)

    text = message(
        lambda: expect(strict, torch.zeros(2, 3).T).equals([0.0] * 6, {"view needs order": RuntimeError})
    )
    assert "mistake   view needs order" in text
    assert "raised    RuntimeError: view size" in text


def test_a_mistake_that_is_an_error_with_words_asks_for_them_in_the_message() -> None:
    def strict(x: Any) -> Any:
        raise ValueError("shape mismatch: (2,) and (3,)")

    mistakes = {
        "other words": ValueError("no such"),
        "another kind": TypeError("mismatch"),
        "it is this": ValueError("shape mismatch"),
    }
    assert "mistake   it is this" in message(lambda: expect(strict, 1).equals(0, mistakes))
    assert "mistake" not in message(lambda: expect(lambda x: x, 1).equals(0, mistakes)).splitlines()[-1]


def test_an_error_shows_the_learners_own_line() -> None:
    def broken(x: Any) -> Any:
        return x[:, 9]

    text = message(lambda: expect(broken, torch.zeros(2, 3)).equals(0))
    assert "raised    IndexError: index 9 is out of bounds" in text
    assert "of your code: return x[:, 9]" in text
    assert "called at" not in text
    assert "fasttrack" not in text


def test_an_error_in_a_helper_shows_the_line_that_called_it() -> None:
    def broken(x: Any) -> Any:
        return x[:, 9]

    def caller(x: Any) -> Any:
        y = 2 * x
        return [broken(y)]

    text = message(lambda: expect(caller, torch.zeros(2, 3)).equals(0))
    assert "of your code: return x[:, 9]\n" in text
    assert ", in caller: return [broken(y)]" in text


def test_raises() -> None:
    def strict(x: int) -> int:
        if x < 0:
            raise ValueError("negative")
        return x

    expect(strict, -1).raises(ValueError)
    assert "got       no error, but 1" in message(lambda: expect(strict, 1).raises(ValueError))
    assert "got       ValueError: negative" in message(lambda: expect(strict, -1).raises(TypeError))
    assert "mistake   it takes anything" in message(
        lambda: expect(lambda x: x, -1).raises(ValueError, {"it takes anything": -1})
    )


def test_a_stub_is_not_written_yet() -> None:
    def softmax(x: Any) -> Any:
        raise NotImplementedError

    with pytest.raises(NotWritten, match=r"^not written yet: softmax"):
        expect(softmax, 1)


def missing(x: Any) -> Any:
    raise NotImplementedError


def builds_on_it(x: Any) -> Any:
    return missing(x) + 1


def test_a_stub_that_an_answer_builds_on_is_named() -> None:
    with pytest.raises(NotWritten, match=r"^not written yet: missing, which builds_on_it builds on$"):
        expect(builds_on_it, 1)
    with pytest.raises(NotWritten, match=r"^not written yet: missing$"):
        expect(missing, 1)


@pytest.mark.parametrize("notobject", [None, 0, torch.zeros(2)])
def test_something_that_cannot_be_called_fails(notobject: Any) -> None:
    @check
    def softmax(learner: Any, seed: int) -> None:
        expect(learner, 1).equals(1)

    assert "expected  softmax is a function or a class" in message(lambda: softmax(notobject))


def test_changing_an_argument_fails_and_leaves_the_checks_own_alone() -> None:
    x = torch.ones(2)
    assert "changes its input" in message(lambda: expect(lambda t: t.mul_(2), x).equals(2 * x))
    assert x.tolist() == [1, 1]
    items = [1, 2]
    assert "changes its input" in message(lambda: expect(lambda a: a.append(3) or 6, items).equals(6))
    assert items == [1, 2]


def test_arguments_keep_their_layout() -> None:
    expect(lambda t: t.is_contiguous(), torch.zeros(2, 3).T).equals(False)
    expect(lambda a: a.flags.f_contiguous, np.zeros((2, 3), order="F")).equals(True)


def test_a_check_prints_one_line_and_counts_its_cases(capsys: pytest.CaptureFixture[str]) -> None:
    @check
    def doubled(learner: Any, seed: int) -> None:
        for x in range(3):
            expect(learner, x + seed).equals(2 * (x + seed))
        require(learner(1) == 2, ("expected", "two"))

    doubled(double, seed=4)
    assert capsys.readouterr().out == "doubled: correct (4 cases)\n"


def test_a_check_names_the_exercise_not_the_object() -> None:
    @check
    def doubled(learner: Any, seed: int) -> None:
        expect(learner, 1).equals(2)

    assert message(lambda: doubled(lambda x: x)).startswith("doubled: not right yet\n  called    doubled(1)")


def test_a_failed_requirement_shows_its_facts() -> None:
    assert message(lambda: require(False, ("expected", "rows that sum to 1"))).endswith(
        "expected  rows that sum to 1"
    )


@pytest.mark.parametrize(
    "forgetful", [lambda learner, seed: None, lambda learner, seed: expect(learner, 1) and None]
)
def test_a_check_that_compares_nothing_is_a_bug_in_the_course(forgetful: Any) -> None:
    forgetful.__name__ = "forgetful"
    with pytest.raises(RuntimeError, match="the check of forgetful makes a call and compares nothing"):
        check(forgetful)(double)


def test_value_gives_the_result_or_the_failure() -> None:
    assert expect(double, 2).value == 4
    assert "raised" in message(lambda: expect(lambda: 1 / 0).value)


def test_dtype_of_something_that_is_no_tensor() -> None:
    assert "expected  a tensor of dtype torch.bool" in message(lambda: expect(lambda: 3).dtype(torch.bool))


def test_large_values_are_described_briefly() -> None:
    text = message(lambda: expect(double, torch.zeros(100, 100)).equals(torch.ones(100, 100)))
    assert "double(tensor float32 (100, 100))" in text
    assert len(text) < 400


def test_long_lists_and_dicts_are_shown_by_their_ends() -> None:
    assert describe(list(range(100))) == str(list(range(100)))
    numbers = describe(list(range(1000, 2000)))
    assert numbers.startswith("[1000, 1001, ")
    assert numbers.endswith(" more …, 1998, 1999]")
    assert len(numbers) < 300
    assert "… 96 more …, 98: " in describe(dict.fromkeys(range(100), "a" * 150))
    assert describe(("a" * 150,) * 4) == str(("a" * 150,) * 4)


def test_in_a_notebook_only_the_diagnosis_is_shown(shell: InteractiveShell) -> None:
    shown: list[str] = []
    shell._showtraceback = lambda kind, error, lines: shown.extend(lines)  # type: ignore[method-assign]
    shell.run_cell("from fasttrack.check import expect\nexpect(lambda: 1).equals(2)")
    text = "\n".join(shown)
    assert "not right yet" in text
    assert "expected  2" in text
    assert "Traceback" not in text
    assert "expect.py" not in text
