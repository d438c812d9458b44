"""`fasttrack cards` in the terminal: a real one on a pseudo-terminal, and what is refused."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fasttrack import cli

pytest.importorskip("pty", reason="no pseudo-terminals here")


def in_terminal(keys: str, *words: str) -> tuple[int, str]:
    """The exit code and what is read on a terminal where each key is pressed once the last one was answered."""
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "fasttrack.cli", "cards", *words],
        stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(slave)
    heard = read(master, " left ")
    for key in keys:
        answer = {"\r": "4 easy", "q": ".\r\n"}.get(key, " left ")
        new = ""
        while (
            answer not in new and process.poll() is None
        ):  # a terminal drops keys pressed before it is asked for one
            os.write(master, key.encode())
            new += read(master, answer, patience=0.5)
        heard += new
    code = process.wait()
    heard += read(master, "no such words", patience=0.1)
    os.close(master)
    return code, heard


def read(master: int, words: str, patience: float = 60) -> str:
    """What comes until `words` have come, nothing comes for `patience` seconds, or the terminal is closed."""
    heard = ""
    while words not in heard and select.select([master], [], [], patience)[0]:
        try:
            heard += os.read(master, 65_536).decode(errors="replace")
        except OSError:  # on Linux the end of a terminal is an error
            break
    return heard


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, ["cards", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.strip()


def test_a_session_in_a_real_terminal_is_kept(tmp_path: Path) -> None:
    code, heard = in_terminal("\r3\r4q", "--work", str(tmp_path), "--lesson", "06/02", "--new", "3")
    assert code == 0
    assert "What can two heads do that one head cannot?" in heard
    assert "2 answered, 2 of them known. 2 left for today." in heard
    kept = json.loads((tmp_path / ".fasttrack" / "cards.json").read_text())
    assert [card["state"] for card in kept["cards"].values()].count(2) == 1
    assert len(kept["cards"]) == 2


def test_a_damaged_file_is_said_and_the_session_goes_on(tmp_path: Path) -> None:
    (tmp_path / ".fasttrack").mkdir()
    (tmp_path / ".fasttrack" / "cards.json").write_text("{")
    code, heard = in_terminal("q", "--work", str(tmp_path))
    assert code == 0
    assert "it is now cards.damaged-1.json, and all cards are new again" in heard
    assert "0 due, 10 new." in heard


def test_without_a_terminal_it_says_what_can_be_done(tmp_path: Path) -> None:
    code, said = run("--work", str(tmp_path))
    assert code == 2
    assert said.startswith("cards are asked in a terminal, and this is none; fasttrack cards --anki")
    assert list(tmp_path.iterdir()) == []


def test_a_lesson_that_is_not_there_is_one_line() -> None:
    code, said = run("--lesson", "77")
    assert code == 2
    assert said.startswith("no lesson with cards is called '77'; units are 01_tensors,")
    assert "\n" not in said


def test_a_package_for_anki_is_written_and_said(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "cards.apkg"
    code, said = run("--anki", str(file), "--lesson", "06/01")
    assert code == 0
    assert said.startswith(f"{file}: ")
    assert said.endswith("cards in 1 deck. Import it with Anki's File > Import")
    assert zipfile.is_zipfile(file)
    assert run("--anki", str(tmp_path / "all"))[1].startswith(f"{tmp_path / 'all.apkg'}: ")


def test_a_package_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = run("--anki", str(tmp_path / "file" / "a.apkg"))
    assert code == 2
    assert said.startswith(
        f"{tmp_path / 'file' / 'a.apkg'}: cannot be written: what should be a folder above it"
    )
    assert "\n" not in said
    (tmp_path / "folder.apkg").mkdir()
    code, said = run("--anki", str(tmp_path / "folder.apkg"))
    assert code == 2
    assert said == f"{tmp_path / 'folder.apkg'}: cannot be written: Is a directory; choose another place"


def test_cards_need_no_torch() -> None:
    program = (
        "import sys\n"
        "from fasttrack.cards import anki, deck, quiz, schedule\n"
        "deck(); sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_neither_help_nor_the_list_of_data_needs_torch() -> None:
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from fasttrack import cli\n"
        "assert CliRunner().invoke(cli.app, ['--help']).exit_code == 0\n"
        "assert not {'torch', 'fsrs', 'genanki', 'pooch'} & set(sys.modules)\n"
        "assert CliRunner().invoke(cli.app, ['data']).exit_code == 0\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
