"""Data that crosses between a check and the learner: copying it, comparing it, putting it into words.

Data is None, bool, int, float, str, bytes, list, tuple, dict, NumPy arrays and tensors. Anything else is
an object of the learner's, known only by what it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

PRINTED = 8  # elements: a tensor of up to this many is shown whole
LONG = 400  # characters: items that take more are shown in part
# (relative, absolute): tight enough that a wrong epsilon fails, loose enough for another order of sums.
TOLERANCE = {
    torch.float64: (1e-7, 1e-9),
    torch.float32: (1e-5, 1e-6),
    torch.bfloat16: (2e-2, 1e-3),
    torch.float16: (2e-3, 1e-4),
}


def copy(value: Any) -> Any:
    """A deep copy of data that keeps dtype, layout and nesting; anything else is passed as it is."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if type(value) in (list, tuple):
        return type(value)(copy(item) for item in value)
    if type(value) is dict:
        return {key: copy(item) for key, item in value.items()}
    return value


def kind(value: Any) -> str:
    """The name of a value's type as a learner would say it.

    An object in another process says it through its handle's `__fasttrack_kind__`, in words no data has.
    """
    remote: Callable[[Any], str] | None = getattr(type(value), "__fasttrack_kind__", None)
    if remote is not None:
        return remote(value)
    if isinstance(value, torch.Tensor):
        return "tensor"
    if isinstance(value, np.ndarray):
        return "array"
    if isinstance(value, tuple):  # torch.Size and named tuples included
        return "tuple"
    return "None" if value is None else type(value).__name__


def with_article(kind: str) -> str:
    """`an int`, `a tensor`."""
    return f"{'an' if kind[0] in 'aeioAEIO' else 'a'} {kind}"


def describe(value: Any) -> str:
    """One short line: a small value whole, a large one by dtype and shape, or by its first and last items."""
    if isinstance(value, torch.Tensor | np.ndarray):
        flat = value.numel() if isinstance(value, torch.Tensor) else value.size
        dtype = str(value.dtype).removeprefix("torch.")
        text = f"{kind(value)} {dtype} {tuple(value.shape)}"
        return f"{text} {elements(value.tolist())}" if flat <= PRINTED else text
    if isinstance(value, tuple):
        inner = in_part([describe(item) for item in value])
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return "[" + in_part([describe(item) for item in value]) + "]"
    if isinstance(value, dict):
        return "{" + in_part([f"{key!r}: {describe(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, np.generic):
        return describe(value.item())
    if value is None or isinstance(value, bool | int | float | str | bytes):
        text = repr(value)
        return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else with_article(kind(value))


def in_part(items: list[str]) -> str:
    """Items in one line; of a long one its beginning, the last two, and how many are left out between them."""
    text = ", ".join(items)
    if len(text) <= LONG or len(items) < 5:
        return text
    first = max(2, LONG * len(items) // (2 * len(text)))
    return ", ".join([*items[:first], f"… {len(items) - first - 2} more …", *items[-2:]])


def elements(value: Any) -> str:
    """The elements of a small tensor, nested as `tolist` gives them, four digits each."""
    if isinstance(value, list):
        return "[" + ", ".join(map(elements, value)) + "]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def difference(got: Any, want: Any, tolerance: tuple[float, float] | None = None) -> tuple[str, str] | None:
    """What was expected and what came back, each in words, at the first place they part; None if they agree.

    Types must agree exactly (True is not 1, a list is not a tuple), except that `want` may be a nested list
    for a tensor. `tolerance` is (relative, absolute) for floating point; None demands equality.
    """
    parting = first_parting(got, want, tolerance)
    if parting is None:
        return None
    path, *both = parting
    wanted, came = (said_at(path, text) for text in both)
    return wanted, came


def said_at(path: str, text: str) -> str:
    """What is expected, or came, at a place inside lists, tuples and dicts: `item 1[0] is 3`."""
    if not path:
        return text
    place = "item " + path[1:].replace("]", "", 1) if path[1].isdigit() else path
    return f"{place} {text}" if text.startswith("at [") else f"{place} is {text}"


def first_parting(got: Any, want: Any, tolerance: tuple[float, float] | None) -> tuple[str, str, str] | None:
    """As `difference`, after the place where they part, which is `[1][0]` for item 0 of item 1."""
    texts: tuple[str, str] | None
    if isinstance(got, torch.Tensor) and isinstance(want, list) and numbers(want):
        want = torch.tensor(want, dtype=got.dtype if tolerance else None)
        texts = tensor_difference(got, want, tolerance, dtype=False)
    elif kind(got) != kind(want):
        came = describe(got)
        kinds = f"{with_article(kind(got))}, not {with_article(kind(want))}"
        texts = describe(want), came if got is None else f"{came}: {kinds}"
    elif isinstance(want, torch.Tensor):
        texts = tensor_difference(got, want, tolerance)
    elif isinstance(want, np.ndarray):
        texts = array_difference(got, want, tolerance)
    elif isinstance(want, list | tuple):
        if len(got) == len(want):
            return first_inside(got, want, range(len(want)), tolerance)
        texts = describe(want), f"{describe(got)}: length {len(got)}, not {len(want)}"
    elif isinstance(want, dict):
        if got.keys() == want.keys():
            return first_inside(got, want, want, tolerance)
        wanted, came = (", ".join(sorted(map(repr, one))) for one in (want, got))
        texts = f"keys [{wanted}]", f"keys [{came}]"
    else:
        texts = None if close(got, want, tolerance) else (describe(want), describe(got))
    return texts and ("", *texts)


def first_inside(
    got: Any, want: Any, keys: Iterable[Any], tolerance: tuple[float, float] | None
) -> tuple[str, str, str] | None:
    """As `first_parting`, for two containers with the same keys."""
    for key in keys:
        if parting := first_parting(got[key], want[key], tolerance):
            path, wanted, came = parting
            return f"[{key!r}]{path}", wanted, came
    return None


def numbers(nested: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a nested list holds numbers alone, in rows of equal length, and so stands for a tensor."""
    lengths = {len(item) if isinstance(item, list | tuple) else None for item in nested}
    return len(lengths) < 2 and all(
        numbers(item)
        if isinstance(item, list | tuple)
        else isinstance(item, int | float | np.generic) or is_scalar(item)
        for item in nested
    )


def is_scalar(value: Any) -> bool:
    """Whether a value is a tensor of shape ()."""
    return isinstance(value, torch.Tensor) and value.dim() == 0


def tensor_difference(
    got: torch.Tensor, want: torch.Tensor, tolerance: tuple[float, float] | None, *, dtype: bool = True
) -> tuple[str, str] | None:
    """As `difference`, for two tensors: shape first, then dtype, then the first element that differs."""
    if got.shape != want.shape:
        return f"shape {tuple(want.shape)}", f"shape {tuple(got.shape)}"
    if dtype and got.dtype != want.dtype:
        return f"dtype {want.dtype}", f"dtype {got.dtype}"
    got, want = got.detach(), want.detach()
    if tolerance is None:
        same = (got == want) | (got.isnan() & want.isnan())
    else:
        same = torch.isclose(got, want.to(got.dtype), *tolerance, equal_nan=True)
    if bool(same.all()):
        return None
    where = tuple(int(i) for i in (~same).nonzero()[0])
    place = f"at {list(where)}: " if where else ""
    count = f"   ({int((~same).sum())} of {same.numel()} elements differ)" if where else ""
    wanted, came = numbers_apart(want[where].item(), got[where].item())
    return f"{place}{wanted}", f"{place}{came}{count}"


def array_difference(
    got: np.ndarray, want: np.ndarray, tolerance: tuple[float, float] | None
) -> tuple[str, str] | None:
    """As `tensor_difference`, for arrays; dtypes torch does not know are compared by NumPy."""
    if got.dtype != want.dtype:
        return f"dtype {want.dtype}", f"dtype {got.dtype}"
    return tensor_difference(torch.from_numpy(got.copy()), torch.from_numpy(want.copy()), tolerance)


def close(got: Any, want: Any, tolerance: tuple[float, float] | None) -> bool:
    """Whether two scalars of the same type agree; nan agrees with nan."""
    if isinstance(want, np.generic):
        got, want = got.item(), want.item()
    if isinstance(want, float):
        if math.isnan(want) or math.isnan(got):
            return math.isnan(want) and math.isnan(got)
        relative, absolute = tolerance or (0.0, 0.0)
        return math.isclose(got, want, rel_tol=relative, abs_tol=absolute)
    return bool(got == want) if isinstance(want, bool | int | str | bytes | None) else got is want


def numbers_apart(want: Any, got: Any) -> tuple[str, str]:
    """Two scalars that differ, with enough digits to see where, and no more."""
    for digits in (7, 10, 13, 17):
        wanted, came = (f"{v:.{digits}g}" if isinstance(v, float) else str(v) for v in (want, got))
        if wanted != came:
            break
    return wanted, came


def default_tolerance(want: Any) -> tuple[float, float]:
    """The tolerance for an expected value, by its first dtype; plain floats count as float64."""
    if isinstance(want, list | tuple) and want and isinstance(want[0], torch.Tensor | np.ndarray):
        want = want[0]
    if isinstance(want, np.ndarray):
        want = torch.empty(0, dtype=getattr(torch, str(want.dtype), torch.float64))
    return TOLERANCE.get(getattr(want, "dtype", torch.float64), TOLERANCE[torch.float64])
