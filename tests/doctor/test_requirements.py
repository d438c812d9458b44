"""Python and packages: fine, missing, too old; read from pyproject.toml or from what was installed."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from fasttrack.doctor import Mark, finding, requirements

NUMPY, RICH = Requirement("numpy>=1.26"), Requirement("rich>=13")
LAB = (Requirement("jupyterlab>=4.2"), Requirement("nbgrader>=0.9.6,<0.10"))
ALL = {"numpy": "2.1.0", "rich": "15.0.0", "jupyterlab": "4.6.6", "nbgrader": "0.9.6"}


@pytest.mark.parametrize(
    ("version", "mark"),
    [("3.11.7", Mark.FINE), ("3.14.0rc1", Mark.FINE), ("3.10.9", Mark.WRONG), ("3.11.0b1", Mark.WRONG)],
)
def test_pythons_in_and_out_of_the_range(version: str, mark: Mark) -> None:
    found = requirements.python_version(SpecifierSet(">=3.11"), version)
    assert (found.mark, found.found.split(",")[0]) == (mark, version)
    assert bool(found.do) == (mark is Mark.WRONG)


def test_all_packages_are_one_line() -> None:
    (only,) = requirements.packages((NUMPY, RICH), ALL.get)
    assert only == finding.fine("packages", "2 of 2 are here and new enough")


@pytest.mark.parametrize(
    ("numpy", "said"),
    [
        (None, "not installed"),
        ("1.24.0", "1.24.0 is here, the course needs >=1.26"),
        ("", "a damaged one is here, the course needs >=1.26"),
    ],
)
def test_a_package_that_is_not_good_is_a_line_with_its_command(numpy: str | None, said: str) -> None:
    good, bad = requirements.packages((NUMPY, RICH), {**ALL, "numpy": numpy}.get)
    assert good.found == "1 of 2 are here and new enough"
    assert (bad.mark, bad.what, bad.found) == (Mark.WRONG, "numpy", said)
    assert bad.do.endswith(' -m pip install "numpy>=1.26"')


def test_with_no_good_package_nothing_is_praised() -> None:
    assert [one.mark for one in requirements.packages((NUMPY, RICH), lambda name: None)] == [Mark.WRONG] * 2


@given(st.dictionaries(st.sampled_from(["numpy", "rich"]), st.sampled_from([None, "0.1", "99"])))
def test_every_package_is_counted_once(versions: dict[str, str | None]) -> None:
    found = requirements.packages((NUMPY, RICH), versions.get)
    good = sum(version == "99" for version in versions.values())
    assert len([one for one in found if one.mark is Mark.WRONG]) == 2 - good
    assert [one.found.split()[0] for one in found if one.mark is Mark.FINE] == ([str(good)] if good else [])


def test_without_jupyterlab_a_learner_cannot_work_but_on_colab() -> None:
    lab, nbgrader = requirements.lab(LAB, {}, lambda name: None)
    assert lab.mark is Mark.WRONG
    assert lab.do.endswith(' -m pip install "jupyterlab>=4.2"')
    assert nbgrader.mark is Mark.NOTE
    assert '"nbgrader<0.10,>=0.9.6"' in nbgrader.do
    on_colab = requirements.lab(LAB, {"COLAB_RELEASE_TAG": "release-colab"}, lambda name: None)
    assert [one.mark for one in on_colab] == [Mark.FINE] * 2
    assert all("not needed on Colab" in one.found for one in on_colab)


def test_an_nbgrader_beyond_the_range_is_a_note() -> None:
    lab, nbgrader = requirements.lab(LAB, {}, {**ALL, "nbgrader": "0.10.1"}.get)
    assert (lab.mark, lab.found) == (Mark.FINE, "4.6.6")
    assert nbgrader.mark is Mark.NOTE
    assert nbgrader.found.startswith("0.10.1 is here, the course needs")


def test_the_repositorys_own_list_is_read() -> None:
    project = tomllib.loads((requirements.REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = requirements.asked()
    assert sorted(map(str, asked.packages)) == sorted(
        str(Requirement(one)) for one in project["dependencies"]
    )
    assert {one.name for one in asked.lab} == {"ipykernel", "jupyterlab", "nbgrader"}
    assert str(asked.python) == project["requires-python"]


def test_outside_of_a_repository_the_installed_list_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = metadata.PathDistribution(tmp_path / "llm_fasttrack-1.dist-info")
    (tmp_path / "llm_fasttrack-1.dist-info").mkdir()
    (tmp_path / "llm_fasttrack-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: llm-fasttrack\nVersion: 1\nRequires-Python: >=3.11\n"
        "Requires-Dist: numpy>=1.26\nRequires-Dist: later>=1; python_version < '3'\n"
        "Requires-Dist: jupyterlab>=4.2; extra == 'lab'\nRequires-Dist: jupytext; extra == 'instructor'\n"
    )
    monkeypatch.setattr(metadata, "metadata", lambda name: stated.metadata)
    asked = requirements.asked(tmp_path)
    assert list(map(str, asked.packages)) == ["numpy>=1.26"]
    assert [one.name for one in asked.lab] == ["jupyterlab"]
    assert requirements.lab(asked.lab, {}, lambda name: None)[0].do.endswith('install "jupyterlab>=4.2"')


def test_what_is_not_installed_has_no_version() -> None:
    assert requirements.installed("rich") == metadata.version("rich")
    assert requirements.installed("no-such-package-anywhere") is None


@pytest.mark.parametrize(
    ("count", "said"), [(24.06e9, "24.1 GB"), (1_115_394, "1.1 MB"), (228_145, "228 kB"), (0, "0 kB")]
)
def test_sizes_are_said_as_people_do(count: float, said: str) -> None:
    assert finding.size(count) == said


def test_commands_name_the_python_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert finding.python(str(tmp_path / ".venv" / "bin" / "python")) == str(Path(".venv", "bin", "python"))
    assert finding.python("/opt/my python/bin/python") == "'/opt/my python/bin/python'"
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finding.python(str(program)) == "python"
