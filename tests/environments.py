"""Virtual environments as learners have them: only what a package declares, and nothing is copied.

Each holds symbolic links to the distributions of the environment that runs the tests, so making one takes a
second instead of minutes, and an undeclared dependency is missing there as it would be at home.
"""

from __future__ import annotations

import os
import sys
import tomllib
import venv
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def declared(*extras: str) -> list[str]:
    """The requirements in pyproject.toml, those of `extras` included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(one for extra in extras for one in optional[extra])]


def closure(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Each required distribution and, in turn, what it requires here, by its normal name.

    Raises importlib.metadata.PackageNotFoundError for one that is not installed.
    """
    found: dict[str, metadata.Distribution] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        found[name] = found.get(name) or metadata.distribution(name)
        for extra in {"", *requirement.extras} - {extra for known, extra in asked if known == name}:
            asked.add((name, extra))
            for needed in map(Requirement, found[name].requires or ()):
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    waiting.append(needed)
    return found


def environment(folder: Path, requirements: Iterable[str]) -> Path:
    """A virtual environment in `folder` that has `requirements` and what they require; returns its Python."""
    venv.create(folder, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    for distribution in closure(requirements).values():
        link(distribution, site)
    return folder / "bin" / "python"


def link(distribution: metadata.Distribution, site: Path) -> None:
    """Links in `site` to all of a distribution's files, by folder where it has the folder to itself."""
    here = Path(str(distribution.locate_file("")))
    linked = set()
    for path in distribution.files or ():
        if path.parts[0] == "..":  # commands, manuals
            continue
        alone = owners()[path.parts[0]] == 1
        name = path.parts[0] if alone else str(path)
        if name not in linked and (here / name).exists():
            linked.add(name)
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).symlink_to(here / name)


@cache
def owners() -> Counter[str]:
    """How many distributions have a file in each folder of site-packages."""
    count: Counter[str] = Counter()
    for distribution in metadata.distributions():
        count.update({path.parts[0] for path in distribution.files or ()})
    return count


def bare(**more: str) -> dict[str, str]:
    """This process's environment without what would lead Python to the packages of the tests."""
    kept = {key: value for key, value in os.environ.items() if "PYTHON" not in key and "VIRTUAL" not in key}
    folder = str(Path(sys.executable).parent)
    path = os.pathsep.join(part for part in kept.get("PATH", "").split(os.pathsep) if part != folder)
    return {**kept, "PATH": path, **more}
