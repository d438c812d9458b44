"""The bundled names: fit to train on, described truly, and made by the committed script."""

from __future__ import annotations

import hashlib
import re
import runpy
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from fasttrack import data

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools/compile_names.py"
BUNDLED = ROOT / "utils/fasttrack/data/bundled"

script = runpy.run_path(str(SCRIPT))


def test_there_are_enough() -> None:
    assert len(data.names()) >= 15_000


def test_they_are_2_to_15_letters() -> None:
    assert [name for name in data.names() if not re.fullmatch("[a-z]{2,15}", name)] == []


def test_they_are_sorted_and_distinct() -> None:
    names = data.names()
    assert names == sorted(set(names))


def test_each_caller_gets_its_own_list() -> None:
    data.names().clear()
    assert data.names()


@pytest.mark.parametrize(
    "name", ["anna", "bjorn", "emma", "fatma", "kofi", "lukasz", "soren", "thor", "yuki"]
)
def test_a_familiar_name_is_there(name: str) -> None:
    assert name in data.names()


@pytest.mark.parametrize("word", ["baby", "captain", "infant", "mr", "robt", "unknown", "wm"])
def test_a_placeholder_title_or_abbreviation_is_not(word: str) -> None:
    assert word not in data.names()


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no source 'ssa'; choose 'bundled' or 'karpathy'"):
        data.names("ssa")  # type: ignore[arg-type]


def test_the_readme_describes_the_file() -> None:
    readme = (BUNDLED / "README.md").read_text("utf-8")
    content = (BUNDLED / "names.txt").read_bytes()
    assert f"| names | {len(content.splitlines()):,} |" in readme
    assert f"| sha256 | {hashlib.sha256(content).hexdigest()} |" in readme
    assert f"(https://github.com/joke2k/faker) {script['FAKER']};" in readme


def test_the_script_makes_the_file() -> None:
    if version("faker") != script["FAKER"]:
        pytest.skip(f"the names come from Faker {script['FAKER']}, but {version('faker')} is installed")
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Zoë", "zoe"),
        ("Þórður", "thordur"),
        ("Łukasz", "lukasz"),
        ("Søren", "soren"),
        ("Əli", "eli"),
        ("İsmayıl", "ismayil"),
        ("Weiß", "weiss"),
        ("Valentina ", "valentina"),
        ("Hans-Jörg", "hans-jorg"),
        ("アケミ", "アケミ"),
    ],
)
def test_folding(name: str, folded: str) -> None:
    assert script["fold"](name) == folded
