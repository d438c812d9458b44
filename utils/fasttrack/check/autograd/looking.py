"""What a fixture found beside the learner, compared with what it should be, in the words of `expect`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fasttrack.check import require
from fasttrack.check.inputs import EXACT
from fasttrack.check.values import difference

TIGHT = (EXACT["rtol"], EXACT["atol"])


def agree(
    looked_at: str,
    got: Any,
    want: Any,
    mistakes: Mapping[str, Any] | None = None,
    tolerance: tuple[float, float] | None = TIGHT,
) -> None:
    """Fail unless `got` is `want`, up to rounding; name the first mistake that `got` shows."""
    parted = difference(got, want, tolerance)
    expected, came = parted or ("", "")
    named = [
        ("mistake", name)
        for name, wrong in (mistakes or {}).items()
        if parted and difference(got, wrong, tolerance) is None
    ]
    require(parted is None, ("looked at", looked_at), ("expected", expected), ("got", came), *named[:1])
