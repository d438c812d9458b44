"""Public files that lessons can use: where they are, how to know them, and how to get hold of them.

A file is downloaded once into the cache folder and trusted only as long as its size and sha256 are those
written here, so neither a cut connection nor a damaged disk reaches a lesson. Left out: archives, retries.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests
from requests import exceptions

pooch.get_logger().setLevel("WARNING")  # "Downloading …" would put the reader's home folder into notebooks
TIMEOUT = (5.0, 30.0)  # seconds: to connect, and between two pieces of the answer
PIECE = 1 << 16  # bytes


@dataclass(frozen=True)
class Remote:
    """A public file at an address that never changes. `name` is its name in the cache folder."""

    name: str
    url: str
    bytes: int
    sha256: str
    licence: str
    about: str
    instead: str = ""  # what works without it, as a sentence


REGISTRY = {
    remote.name: remote
    for remote in (
        Remote(
            name="names.txt",
            url="https://raw.githubusercontent.com/karpathy/makemore/"
            "8f79bd0126eaef5eb82d346c9f85ae20ea1c476a/names.txt",
            bytes=228_145,
            sha256="0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
            licence="MIT (makemore); the names are from ssa.gov, public domain",
            about="32,033 given names from the US, the data of Andrej Karpathy's makemore lectures",
            instead="Use names() for the bundled names",
        ),
        Remote(
            name="tinyshakespeare.txt",
            url="https://raw.githubusercontent.com/karpathy/char-rnn/"
            "370cbcd448eb7daf32f21a6be560b70e0b33c4e3/data/tinyshakespeare/input.txt",
            bytes=1_115_394,
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            licence="public domain",
            about="40,000 lines of Shakespeare's plays, the data of char-rnn and nanoGPT",
        ),
    )
}


class DataUnavailable(RuntimeError):
    """A public file is neither in the cache folder nor to be had. One line: what, where, why, what to do."""


def cache_folder() -> Path:
    """Where downloads are kept: the environment variable FASTTRACK_CACHE, or the system's cache folder."""
    return Path(os.environ.get("FASTTRACK_CACHE") or pooch.os_cache("llm-fasttrack")).expanduser().resolve()


def fetch(name: str, progress: Callable[[int], None] = lambda done: None) -> Path:
    """The path of a registered file, downloaded if the cache folder does not hold it whole.

    A file put there by hand is as good as a download. `progress` is called with the bytes that have come.
    Raises DataUnavailable, and ValueError for a name that is not registered.
    """
    if name not in REGISTRY:
        raise ValueError(f"fetch: {name!r} is not registered; there are {', '.join(sorted(REGISTRY))}")
    remote, path = REGISTRY[name], cache_folder() / name

    def download(url: str, output_file: str, _: object) -> None:
        # Not by pooch's own downloader: it leaves the connection open where the server answers with an error.
        with requests.get(url, stream=True, timeout=TIMEOUT) as answer, Path(output_file).open("wb") as file:
            answer.raise_for_status()
            for piece in answer.iter_content(PIECE):
                file.write(piece)
                progress(file.tell())
        # pooch compares the hash too; comparing here as well lets the message say how the two differ.
        if wrong := difference(Path(output_file), remote):
            raise Unexpected(f"it sent {wrong}; nothing was kept")

    try:
        pooch.retrieve(remote.url, remote.sha256, fname=name, path=path.parent, downloader=download)
    except OSError as error:  # what requests raises is an OSError too
        raise DataUnavailable(explain(remote, path, reason(error))) from error
    return path


class Unexpected(OSError):
    """A download came to its end and is not the registered file."""


def difference(path: Path, remote: Remote) -> str:
    """How a file differs from the registered one, as a clause without a verb; "" if it does not."""
    size = path.stat().st_size
    if size != remote.bytes:
        return f"{size:,} bytes, expected {remote.bytes:,}"
    sha256 = pooch.file_hash(str(path))
    return "" if sha256 == remote.sha256 else f"sha256 {sha256}, expected {remote.sha256}"


def reason(error: OSError) -> str:
    """Why a file could not be had, in the words of whoever wanted it."""
    match error:
        case exceptions.HTTPError():
            return f"the server answered {str(error).partition(' for url')[0]}"
        case exceptions.Timeout():
            return "the server does not answer"
        case exceptions.SSLError():
            return "no secure connection"
        case exceptions.ConnectionError():
            return "no network"
        case exceptions.RequestException():
            return "the connection broke off"
        case _:  # Unexpected, or the cache folder cannot be written
            return str(error)


def explain(remote: Remote, path: Path, why: str) -> str:
    """The message of DataUnavailable."""
    damaged = f" (the one in the cache is damaged: {difference(path, remote)})" if path.exists() else ""
    advice = f"{remote.instead}, or put" if remote.instead else "Put"
    failed = f"{remote.name}{damaged} could not be downloaded from {remote.url}: {why}."
    return f"{failed} {advice} the file at {path}."
