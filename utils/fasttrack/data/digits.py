"""Handwritten digits that ship with scikit-learn: 1,797 images of 8 × 8 pixels, by 13 people.

They are the test part of the UCI set "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch  # the rest of fasttrack.data does without, and `fasttrack cards` should not wait for it


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """Images float32 `(1797, 8, 8)` with ink from 0 to 16, and labels int64 `(1797,)`. Works offline."""
    import torch
    from sklearn.datasets import load_digits  # a second to import: only where digits are used

    bunch = load_digits()
    return torch.from_numpy(bunch.images).float(), torch.from_numpy(bunch.target).long()
