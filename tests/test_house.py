"""The repository's own promises: one list of requirements, every version pinned, nothing of this machine."""

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def tracked() -> list[Path]:
    """Files of the repository, those not yet added included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / file for file in listed if (ROOT / file).is_file()]


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=~!; ]", requirement)[0].lower().replace("_", "-")


def test_conda_environment_equals_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *_, pip = environment["dependencies"]
    listed = [item for item in pip["pip"] if not item.startswith("--")]
    assert sorted(listed) == sorted({*PROJECT["dependencies"], *EXTRAS["lab"], *EXTRAS["instructor"]})
    assert "--constraint constraints.txt" in pip["pip"]
    assert f"python{PROJECT['requires-python']}" in environment["dependencies"]


def test_every_requirement_is_pinned_inside_its_range() -> None:
    from packaging.requirements import Requirement

    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    )
    pins = {name_of(name): version for name, version in pins.items()}
    assert pins["torch"] == "2.13.0"
    for requirement in [*PROJECT["dependencies"], *(item for extra in EXTRAS.values() for item in extra)]:
        if name_of(requirement) != PROJECT["name"]:
            assert pins[name_of(requirement)] in Requirement(requirement).specifier


def test_no_requirement_brings_torchvision() -> None:
    assert "torchvision" not in (ROOT / "constraints.txt").read_text()


def test_no_file_names_a_home_or_a_working_folder() -> None:
    places = [str(ROOT) + "/"]
    if Path.home() != Path("/root"):  # which is the same on every machine
        places.append(str(Path.home()) + "/")
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".ipynb", ".toml", ".yml", ".txt", ".sh", ""}
        for place in places
        if place in path.read_text(errors="ignore")
    ]
    assert found == []


def test_no_file_is_large_and_no_run_time_data_is_tracked() -> None:
    for path in tracked():
        assert path.stat().st_size <= 5 << 20, path
        assert not re.search(r"\.db$|/submitted/|/work/|__pycache__", path.relative_to(ROOT).as_posix()), path


def test_every_lesson_has_its_release_solution_and_answers() -> None:
    for source in (ROOT / "solutions").glob("*/*.py"):
        name = source.relative_to(ROOT / "solutions").with_suffix("")
        for built in ("notebooks", "solutions"):
            assert (ROOT / built / name).with_suffix(".ipynb").exists()
        assert (ROOT / "autograder" / "answers" / name).with_suffix(".py").exists()
