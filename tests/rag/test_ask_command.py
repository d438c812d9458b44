"""`fasttrack ask` in the terminal: answers, links, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fasttrack import cli
from fasttrack.data import course
from fasttrack.rag import ask

QUESTION = "why divide by the square root of d_k?"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENDPOINT", "MODEL", "KEY"):
        monkeypatch.delenv(f"FASTTRACK_{name}", raising=False)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["ask", *words])


def test_an_answer_comes_with_links_to_lessons() -> None:
    result = run(QUESTION)
    assert result.exit_code == 0
    assert "head" in result.output
    assert "notebooks/06_attention/01_self_attention.ipynb#" in result.output
    assert result.output.count("notebooks/") == 5


def test_top_says_how_many_passages() -> None:
    assert run(QUESTION, "--top", "2").output.count("notebooks/") == 2


@pytest.mark.parametrize(("words", "told"), [("", "the question is empty"), ("  ", "the question is empty")])
def test_an_empty_question_is_one_line(words: str, told: str) -> None:
    result = run(words)
    assert result.exit_code == 2
    assert result.output.strip() == told


def test_an_endpoint_that_is_down_is_one_line_and_the_passages_are_shown() -> None:
    result = run(QUESTION, "--endpoint", "http://127.0.0.1:9/v1", "--model", "some")
    assert result.exit_code == 2
    assert "not reachable; is the server running" in result.output
    assert "notebooks/06_attention/01_self_attention.ipynb#" in result.output


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTTRACK_ENDPOINT", "http://127.0.0.1:9/v1")
    assert "say which, with --model or FASTTRACK_MODEL" in run(QUESTION).output
    monkeypatch.setenv("FASTTRACK_MODEL", "some")
    assert "127.0.0.1:9/v1/chat/completions: not reachable" in run(QUESTION).output


def test_a_model_that_cannot_be_loaded_is_one_line_and_the_passages_are_shown(tmp_path: Path) -> None:
    result = run(QUESTION, "--model", str(tmp_path))
    assert result.exit_code == 2
    assert "no model could be loaded from there" in result.output
    assert "notebooks/" in result.output


def test_without_lessons_the_store_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (ask.course_search, ask.course_store):
        cached.cache_clear()
    monkeypatch.setattr(course, "passages", tuple)
    result = run(QUESTION)
    for cached in (ask.course_search, ask.course_store):
        cached.cache_clear()
    assert result.exit_code == 2
    assert "the store is empty" in result.output


def test_a_question_about_nothing_here_says_so() -> None:
    result = run("zzyzx qwxv?")
    assert result.exit_code == 2
    assert "no passage matches the question" in result.output
