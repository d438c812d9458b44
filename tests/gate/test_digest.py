"""Digests: equal for equal data, different where type, shape or an element differs."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.gate.digest import digest

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary())
tensors = st.lists(st.integers(0, 3), max_size=4).map(torch.tensor)
data = st.recursive(
    st.one_of(scalars, tensors),
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner, inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@given(data)
def test_copies_are_equal(value: object) -> None:
    assert digest(copy.deepcopy(value)) == digest(value)


@given(data, data)
def test_a_pair_is_not_its_reverse_unless_both_are_equal(one: object, other: object) -> None:
    assert (digest((one, other)) == digest((other, one))) == (digest(one) == digest(other))


DIFFERENT = [
    torch.zeros(2, 3),
    torch.zeros(3, 2),
    torch.zeros(2, 3, dtype=torch.float64),
    torch.zeros(2, 3, dtype=torch.bfloat16),
    torch.ones(2, 3),
    torch.zeros(0),
    torch.tensor(0.0),
    np.zeros((2, 3), dtype=np.float32),
    [torch.zeros(2, 3)],
    (torch.zeros(2, 3),),
    {"a": torch.zeros(2, 3)},
    [0],
    (0,),
    0,
    False,
    0.0,
    None,
    "",
    b"",
    torch.nn.Linear(2, 3),
    torch.nn.Linear(2, 3),
    object(),
]


def test_what_differs_is_told_apart() -> None:
    assert len({digest(value) for value in DIFFERENT}) == len(DIFFERENT)


def a_list_of_itself() -> list[object]:
    items: list[object] = []
    items.append(items)
    return items


@pytest.mark.parametrize("value", [torch.empty(2, device="meta"), a_list_of_itself()], ids=["meta", "cycle"])
def test_what_cannot_be_read_counts_by_its_type(value: object) -> None:
    assert digest(value) == digest(value)


def test_layout_does_not_count() -> None:
    x = torch.arange(6.0).view(2, 3)
    assert digest(x.T) == digest(x.T.contiguous())


def test_a_module_that_is_not_initialised_yet_has_a_digest() -> None:
    class Late(torch.nn.Module):
        def __init__(self) -> None:
            self.early = digest(self)
            super().__init__()

    assert Late().early == digest(Late.__new__(Late))
