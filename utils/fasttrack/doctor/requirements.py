"""Python and the packages: what the course asks for, and what is installed. Nothing is imported to find out."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from fasttrack.doctor.finding import Finding, fine, note, pip_install, wrong

REPOSITORY = Path(__file__).parents[3]
PROJECT = "llm-fasttrack"
IN_THE_LAB = {
    "jupyterlab": ("JupyterLab", "fasttrack lab opens the lessons in it"),
    "nbgrader": ("nbgrader", "without it JupyterLab has no Validate button; the checks in the lessons work"),
}


@dataclass(frozen=True)
class Asked:
    """What the course asks for: a range of Pythons, its packages, and those of the extra `lab`."""

    python: SpecifierSet
    packages: tuple[Requirement, ...]
    lab: tuple[Requirement, ...]


def asked(repository: Path = REPOSITORY) -> Asked:
    """By pyproject.toml if the course is run from its repository, else by what was written down when it was installed.

    Not always by the latter, for after `git pull` it still says what the older course wanted. Raises
    importlib.metadata.PackageNotFoundError if there is neither.
    """
    if (file := repository / "pyproject.toml").exists():
        project = tomllib.loads(file.read_text("utf-8"))["project"]
        lab = project["optional-dependencies"]["lab"]
        return Asked(SpecifierSet(project["requires-python"]), parsed(project["dependencies"]), parsed(lab))
    stated = metadata.metadata(PROJECT)
    requirements = parsed(stated.get_all("Requires-Dist") or [])
    return Asked(
        SpecifierSet(stated["Requires-Python"]),
        tuple(one for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})),
        tuple(one for one in requirements if one.marker is not None and for_lab_only(one)),
    )


def parsed(texts: list[str]) -> tuple[Requirement, ...]:
    return tuple(map(Requirement, texts))


def for_lab_only(requirement: Requirement) -> bool:
    marker = requirement.marker
    return marker is not None and marker.evaluate({"extra": "lab"}) and not marker.evaluate({"extra": ""})


def python_version(wanted: SpecifierSet, version: str = platform.python_version()) -> Finding:
    """Whether this Python is in the range that the course supports."""
    if wanted.contains(version, prereleases=True):
        return fine("Python", version)
    do = f"install a Python {wanted} from https://www.python.org/downloads/, and the course for it"
    return wrong("Python", f"{version}, the course needs {wanted}", do)


def installed(name: str) -> str | None:
    """The version of an installed package; None if it is not there, "" if it does not say."""
    try:
        return metadata.version(name) or ""
    except metadata.PackageNotFoundError:
        return None


def lacking(requirement: Requirement, version_of: Callable[[str], str | None]) -> str:
    """What is wrong with a package, as in "1.24 is here, the course needs >=1.26"; "" if nothing is."""
    version = version_of(requirement.name)
    if version is None:
        return "not installed"
    if version and requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"{version or 'a damaged one'} is here, the course needs {requirement.specifier}"


def packages(
    wanted: tuple[Requirement, ...], version_of: Callable[[str], str | None] = installed
) -> list[Finding]:
    """One line for each package that is missing or too old, and one for all others together."""
    problems = {one: problem for one in wanted if (problem := lacking(one, version_of))}
    good = len(wanted) - len(problems)
    findings = [fine("packages", f"{good} of {len(wanted)} are here and new enough")] if good else []
    return findings + [
        wrong(one.name, problem, pip_install(str(plain(one)))) for one, problem in problems.items()
    ]


def lab(
    wanted: tuple[Requirement, ...],
    environment: Mapping[str, str],
    version_of: Callable[[str], str | None] = installed,
) -> list[Finding]:
    """JupyterLab and nbgrader, which Colab does not need."""
    findings = []
    for one in wanted:
        what, purpose = IN_THE_LAB.get(one.name, (one.name, "the lab needs it"))
        problem = lacking(one, version_of)
        do = pip_install(str(plain(one)))
        if not problem:
            findings.append(fine(what, version_of(one.name) or ""))
        elif "COLAB_RELEASE_TAG" in environment:
            findings.append(fine(what, f"{problem}; not needed on Colab"))
        elif one.name == "jupyterlab":
            findings.append(wrong(what, f"{problem}; {purpose}", do))
        else:
            findings.append(note(what, f"{problem}; {purpose}", do))
    return findings


def plain(requirement: Requirement) -> Requirement:
    """Without its marker: what to say to pip."""
    copied = Requirement(str(requirement))
    copied.marker = None
    return copied
