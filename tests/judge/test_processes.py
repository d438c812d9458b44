"""What is read from /proc about a tree of processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from autograder.judge.processes import all_children, descendants, own_share, resident, started, uses_more

MB = 1 << 20
PROGRAM = """
import os, sys
kept = bytearray(os.urandom(MB)) * 60
if os.fork() == 0:
    print("ready", flush=True)
sys.stdin.read()
""".replace("MB", str(MB))


@pytest.fixture
def pair() -> Iterator[int]:
    """A process that holds 60 MB, and its child, which shares them."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdin
    process.stdout.readline()
    yield process.pid
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_a_process_is_above_those_it_started(pair: int) -> None:
    assert len(descendants(pair)) == 2
    assert pair in descendants(os.getpid())


def test_a_look_at_every_process_finds_the_same_children(pair: int) -> None:
    below = all_children()
    for pid in (os.getpid(), pair):
        assert set(below(pid)) == set(started(pid)) != set()


def test_shared_memory_is_counted_once(pair: int) -> None:
    assert sum(map(resident, descendants(pair))) > 115 * MB
    assert 55 * MB < sum(map(own_share, descendants(pair))) < 90 * MB
    assert uses_more(pair, 50 * MB)
    assert not uses_more(pair, 100 * MB)


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert resident(1 << 30) == own_share(1 << 30) == 0
