"""Memory, disk and cores: enough, little, too little; and what a container may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasttrack.doctor import Mark, machine
from fasttrack.doctor.finding import GB


@pytest.mark.parametrize(
    ("total", "available", "mark"),
    [(8, 5, Mark.FINE), (8, 1.5, Mark.NOTE), (1, 0.9, Mark.WRONG), (2, 1, Mark.NOTE)],
)
def test_memory(total: float, available: float, mark: Mark) -> None:
    found = machine.memory(int(total * GB), int(available * GB))
    assert found.mark is mark
    assert bool(found.do) == (mark is not Mark.FINE)
    assert f"{total:.1f} GB" in found.found


@pytest.mark.parametrize(("free", "mark"), [(5, Mark.FINE), (0.5, Mark.NOTE), (0.01, Mark.WRONG)])
def test_disk(free: float, mark: Mark) -> None:
    found = machine.disk(Path("work"), int(free * GB))
    assert found.mark is mark
    assert bool(found.do) == (mark is not Mark.FINE)
    assert "at work" in found.found


@pytest.mark.parametrize(("count", "mark"), [(1, Mark.NOTE), (2, Mark.FINE), (16, Mark.FINE)])
def test_cores(count: int, mark: Mark) -> None:
    assert machine.cores(count).mark is mark


@pytest.mark.parametrize(
    ("text", "limit"), [("max\n", None), ("1073741824\n", 1 << 30), ("9223372036854771712\n", None)]
)
def test_a_containers_limit_is_read(tmp_path: Path, text: str, limit: int | None) -> None:
    (tmp_path / "memory.max").write_text(text)
    assert machine.memory_limit((tmp_path / "none", tmp_path / "memory.max")) == limit


def test_a_containers_limit_is_the_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    total, available = machine.measured_memory()
    assert 0 < available <= total
    monkeypatch.setattr(machine, "memory_limit", lambda: 1 << 20)
    assert machine.measured_memory() == (1 << 20, 1 << 20)


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_the_one_above(tmp_path: Path) -> None:
    assert machine.existing(tmp_path / "a" / "b") == tmp_path
    assert machine.free_disk(tmp_path / "a" / "b") > 0
    assert not (tmp_path / "a").exists()


def test_there_is_a_core() -> None:
    assert machine.usable_cores() >= 1
