"""Laws of copying, comparing and describing data, for any data."""

from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fasttrack.check.values import copy, describe, difference

shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
arrays = hnp.arrays(st.sampled_from([np.float32, np.float64, np.int64, np.bool_]), shapes)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | arrays
    | arrays.map(torch.from_numpy)
)
data = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(data)
def test_a_copy_agrees_with_its_original(value: Any) -> None:
    assert difference(copy(value), value) is None
    assert difference(copy(value), value, (1e-5, 1e-8)) is None


@given(arrays)
def test_a_copy_shares_no_memory(array: np.ndarray) -> None:
    assert not np.shares_memory(copy(array), array)
    tensor = torch.from_numpy(array)
    assert copy(tensor).data_ptr() != tensor.data_ptr() or not tensor.numel()


@given(
    hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e3, 1e3)), st.data()
)
def test_one_changed_element_is_found(array: np.ndarray, draw: st.DataObject) -> None:
    where = tuple(draw.draw(st.integers(0, side - 1)) for side in array.shape)
    changed = array.copy()
    changed[where] += 1
    for tolerance in (None, (1e-7, 1e-9)):
        assert difference(changed, array, tolerance) is not None
        assert f"at {list(where)}: " in difference(torch.tensor(changed), torch.tensor(array), tolerance)[0]  # type: ignore[index]


@given(data)
def test_a_description_is_short_and_one_line(value: Any) -> None:
    assert "\n" not in describe(torch.zeros(3, 4))
    assert isinstance(describe(value), str)


@given(data, data)
def test_difference_is_symmetric_in_whether_it_differs(one: Any, other: Any) -> None:
    if not any(
        isinstance(value, list) for value in (one, other)
    ):  # a list may stand for a tensor, not the reverse
        assert (difference(one, other) is None) == (difference(other, one) is None)


def test_a_tensor_where_a_list_of_arrays_was_due_is_told_so() -> None:
    want = [(np.zeros((2, 3)), np.zeros(3))]
    parted = difference(torch.zeros(2), want)
    assert parted is not None
    assert parted[1].endswith("a tensor, not a list")


def test_a_tensor_where_a_list_of_tensors_was_due_is_told_so() -> None:
    parted = difference(torch.zeros(2), [torch.zeros(3), torch.zeros(2, 3)])
    assert parted is not None
    assert parted[1].endswith("a tensor, not a list")
    assert difference(torch.zeros(2), [torch.tensor(0.0), 0.0]) is None
