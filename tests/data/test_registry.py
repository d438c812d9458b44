"""Fetching from a real server on loopback: a file arrives whole or not at all, and the message helps."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pooch
import pytest
from requests import exceptions

from fasttrack import data
from fasttrack.data import REGISTRY, DataUnavailable, Remote, fetch, registry

CONTENT = b"emma\nolivia\nava\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Answers every request with `content` under `status`, announcing `promised` bytes; counts requests."""

    content = CONTENT
    promised = len(CONTENT)
    status = 200
    requests = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(self.server.promised))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, format: str, *args: object) -> None:
        """No line on stderr for each request."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, not yet made."""
    monkeypatch.setenv("FASTTRACK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def remote(server: Server, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """names.txt, registered as three names on the test's server."""
    return register(monkeypatch, f"http://127.0.0.1:{server.server_port}/names.txt")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Remote:
    """The same, at an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return register(monkeypatch, f"http://127.0.0.1:{free.getsockname()[1]}/names.txt")


def register(monkeypatch: pytest.MonkeyPatch, url: str) -> Remote:
    remote = Remote(
        name="names.txt",
        url=url,
        bytes=len(CONTENT),
        sha256=SHA256,
        licence="none",
        about="three names",
        instead="Use names() for the bundled names",
    )
    monkeypatch.setitem(REGISTRY, "names.txt", remote)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # a proxy of this machine's would be asked instead
    return remote


def refusal() -> str:
    """The message of a fetch that must fail."""
    with pytest.raises(DataUnavailable) as caught:
        fetch("names.txt")
    message = str(caught.value)
    assert "\n" not in message
    return message


def keep(cache: Path, content: bytes) -> Path:
    """Put a file where a download would lie."""
    cache.mkdir()
    path = cache / "names.txt"
    path.write_bytes(content)
    return path


def test_a_download_is_kept(remote: Remote, cache: Path) -> None:
    path = fetch("names.txt")
    assert path == cache / "names.txt"
    assert path.read_bytes() == CONTENT
    assert list(cache.iterdir()) == [path]


def test_the_second_call_makes_no_request(remote: Remote, server: Server) -> None:
    fetch("names.txt")
    fetch("names.txt")
    assert server.requests == 1


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"emma\nolivia\nAVA\n", "it sent sha256 {got}, expected {want}; nothing was kept."),
        (CONTENT + b"mia\n", "it sent 20 bytes, expected 16; nothing was kept."),
        (b"", "it sent 0 bytes, expected 16; nothing was kept."),
    ],
    ids=["other bytes", "more bytes", "no bytes"],
)
def test_wrong_bytes_are_not_kept(
    sent: bytes, reason: str, remote: Remote, server: Server, cache: Path
) -> None:
    server.content, server.promised = sent, len(sent)
    assert reason.format(got=hashlib.sha256(sent).hexdigest(), want=SHA256) in refusal()
    assert list(cache.iterdir()) == []


def test_a_cut_connection_leaves_nothing(remote: Remote, server: Server, cache: Path) -> None:
    server.content = CONTENT[:7]
    assert f"{remote.url}: the connection broke off." in refusal()
    assert list(cache.iterdir()) == []


def test_after_a_cut_connection_the_next_call_starts_anew(remote: Remote, server: Server) -> None:
    server.content = CONTENT[:7]
    refusal()
    server.content = CONTENT
    assert fetch("names.txt").read_bytes() == CONTENT


def test_an_error_page_is_reported_by_its_status(remote: Remote, server: Server, cache: Path) -> None:
    server.status = 404
    assert f"{remote.url}: the server answered 404 Client Error: Not Found." in refusal()
    assert list(cache.iterdir()) == []


def test_without_network_the_message_names_what_works(offline: Remote, cache: Path) -> None:
    assert refusal() == (
        f"names.txt could not be downloaded from {offline.url}: no network. "
        f"Use names() for the bundled names, or put the file at {cache / 'names.txt'}."
    )


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "TIMEOUT", (5.0, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        register(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/names.txt")
        assert ": the server does not answer. Use names()" in refusal()


def test_a_damaged_file_is_fetched_anew(remote: Remote, cache: Path) -> None:
    path = keep(cache, CONTENT[:-1] + b"x")
    assert fetch("names.txt") == path
    assert path.read_bytes() == CONTENT


def test_a_damaged_file_is_not_used_offline(offline: Remote, cache: Path) -> None:
    keep(cache, CONTENT[:7])
    assert refusal().startswith(
        "names.txt (the one in the cache is damaged: 7 bytes, expected 16) could not be downloaded from "
    )


def test_a_file_put_there_by_hand_needs_no_network(offline: Remote, cache: Path) -> None:
    path = keep(cache, CONTENT)
    assert fetch("names.txt") == path


def test_a_cache_that_is_no_folder_is_reported(remote: Remote, cache: Path) -> None:
    cache.write_text("in the way")
    assert f"Not a directory: '{cache}" in refusal()


def test_the_cache_is_the_systems_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTTRACK_CACHE")
    assert registry.cache_folder() == Path(pooch.os_cache("llm-fasttrack")).resolve()


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"'moby' is not registered; there are names.txt, tinyshakespeare.txt"
    ):
        fetch("moby")


def test_names_keep_the_order_of_the_file(remote: Remote) -> None:
    assert data.names("karpathy") == ["emma", "olivia", "ava"]


def test_every_address_is_a_commit() -> None:
    """What stands at a branch changes; the hash would then refuse it for everybody."""
    for remote in REGISTRY.values():
        assert any(len(part) == 40 for part in remote.url.split("/")), remote.url


@pytest.fixture(params=sorted(REGISTRY))
def public(request: pytest.FixtureRequest, cache: Path) -> str:
    """A public file in the cache: from the folder FASTTRACK_PUBLIC_DATA, else from where it is published."""
    name: str = request.param
    if folder := os.environ.get("FASTTRACK_PUBLIC_DATA"):
        cache.mkdir()
        shutil.copy(Path(folder, name), cache)
    try:
        fetch(name)
    except DataUnavailable as error:
        if isinstance(error.__cause__, exceptions.ConnectionError | exceptions.Timeout):
            pytest.skip(f"{error} Or name a folder that holds it in FASTTRACK_PUBLIC_DATA.")
        raise
    return name


def test_the_public_file_is_the_registered_one(public: str) -> None:
    if public == "names.txt":
        names = data.names("karpathy")
        assert len(names) == 32_033
        assert (names[0], names[-1]) == ("emma", "zzyzx")
        assert len(names) - len(set(names)) == 2_539
    else:
        text = data.tinyshakespeare()
        assert (len(text), text.count("\n"), len(set(text))) == (1_115_394, 40_000, 65)
