"""What we remember beside the learner's notebooks, in `.fasttrack/` of their folder.

`released/UNIT/LESSON.json`: the release that a notebook was copied from: its sha256, and that of each cell's text by
cell id. `checks/UNIT/LESSON.json`: what `fasttrack check` found, each result with the sha256 of the code it ran. A
record that is missing or broken counts as not there; nothing here is worth a backup.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from fasttrack.learner.notebook import Notebook, digest, parse, write

FOLDER = ".fasttrack"


@dataclass(frozen=True)
class Base:
    """The release that a learner's notebook was copied from: `file` and `cells` are sha256."""

    file: str
    cells: dict[str, str]

    @classmethod
    def of(cls, data: bytes) -> Base:
        """The record of a released notebook's bytes."""
        return cls(sha(data), hashes(parse(data)))


@dataclass(frozen=True)
class Checked:
    """What `fasttrack check` found for one exercise; it holds while the code is the same."""

    outcome: str
    code: str


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hashes(notebook: Notebook) -> dict[str, str]:
    """The sha256 of each cell's text, by cell id."""
    return {cell.id: digest(cell.source) for cell in notebook.cells if cell.id}


def base(work: Path, lesson: str) -> Base | None:
    """The release that `lesson` in `work` was copied from, if that was written down."""
    try:
        found = json.loads((work / FOLDER / "released" / f"{lesson}.json").read_bytes())
        return Base(str(found["file"]), {str(key): str(value) for key, value in found["cells"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def keep_base(work: Path, lesson: str, release: Base) -> None:
    """Write down the release that `lesson` in `work` now comes from. Raises OSError."""
    save(work / FOLDER / "released" / f"{lesson}.json", asdict(release))


def checked(work: Path, lesson: str) -> dict[str, Checked]:
    """What `fasttrack check` found last, by exercise."""
    try:
        found = json.loads((work / FOLDER / "checks" / f"{lesson}.json").read_bytes())
        return {str(name): Checked(str(one["outcome"]), str(one["code"])) for name, one in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def keep_checked(work: Path, lesson: str, results: dict[str, Checked]) -> None:
    """Add results to those that are there. Raises OSError."""
    every = {**checked(work, lesson), **results}
    save(work / FOLDER / "checks" / f"{lesson}.json", {name: asdict(one) for name, one in every.items()})


def save(path: Path, value: object) -> None:
    write(path, (json.dumps(value, indent=1) + "\n").encode())
