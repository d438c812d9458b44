"""The split that unit 04 stands on: fixed, disjoint, and by name."""

from __future__ import annotations

import random

import pytest

from fasttrack import data


def test_the_parts_are_disjoint_and_hold_every_name() -> None:
    split = data.names_split()
    assert sorted(name for part in split for name in part) == data.names()
    assert not set(split.train) & set(split.dev)
    assert not set(split.train) & set(split.test)
    assert not set(split.dev) & set(split.test)


def test_the_split_is_fixed() -> None:
    split = data.names_split()
    assert [len(part) for part in split] == [15_863, 1_970, 1_976]
    assert split.dev[:3] == ["aaban", "aatiq", "abderaouf"]
    assert split.test[:3] == ["aarav", "aaro", "ab"]


def test_a_name_keeps_its_part_whatever_stands_beside_it() -> None:
    names = data.names()[::7]
    shuffled = random.Random(1).sample(names, len(names))
    for part, other in zip(data.split_names(names), data.split_names([*shuffled, "new"] * 2), strict=True):
        assert set(part) == set(other) - {"new"}


def test_a_name_that_is_listed_twice_is_in_one_part_twice() -> None:
    parts = data.split_names(["anna", "noah", "anna"])
    assert sorted(part.count("anna") for part in parts) == [0, 0, 2]


def test_the_lectures_split_is_theirs_and_leaks(public_names: list[str]) -> None:
    split = data.lecture_split(public_names)
    # The numbers of examples that the second makemore lecture prints, one for each character.
    assert [sum(len(name) + 1 for name in part) for part in split] == [182_625, 22_655, 22_866]
    leaked = sum(name in set(split.train) for name in split.dev) / len(split.dev)
    assert leaked == pytest.approx(0.132, abs=5e-4)
    ours = data.split_names(public_names)
    assert not set(ours.train) & set(ours.dev)
