"""Opening the course in JupyterLab: where the released lessons are, and how the server is started."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PACKAGE = Path(__file__).parent
FIRST_PORT, LAST_PORT = 8888, 8988


class LabError(RuntimeError):
    """JupyterLab cannot be opened; the message says why and what to do."""


def released() -> Path:
    """The folder of released notebooks: inside an installed package, or in the repository it is run from."""
    installed, repository = PACKAGE / "notebooks", PACKAGE.parents[1] / "notebooks"
    for folder in (installed, repository):
        if any(folder.glob("*/*.ipynb")):
            return folder
    raise LabError(f"no lessons in {installed} or {repository}: install the package again")


def lessons() -> dict[str, Path]:
    """The released notebooks by lesson, `unit/lesson`, in course order. Raises LabError if there are none."""
    paths = sorted(released().glob("*/*.ipynb"))
    return {path.relative_to(path.parents[1]).with_suffix("").as_posix(): path for path in paths}


@dataclass(frozen=True)
class Launch:
    """A JupyterLab about to be started: its command, its environment, and where it will answer."""

    command: list[str]
    environment: dict[str, str]
    url: str

    @classmethod
    def prepare(cls, work: Path, port: int | None, browser: bool) -> Self:
        """Choose a port and a token, and open on the first lesson. Raises LabError."""
        if importlib.util.find_spec("jupyterlab") is None:
            raise LabError('JupyterLab is not installed here; run: pip install "llm-fasttrack[lab]"')
        port = free_port(port)
        token = secrets.token_hex(16)
        lesson = min(work.glob("*/*.ipynb")).relative_to(work).as_posix()
        configuration = os.pathsep.join(
            filter(None, [str(PACKAGE / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")])
        )
        return cls(
            command=[
                sys.executable,
                "-m",
                "jupyterlab",
                f"--ServerApp.root_dir={work.resolve()}",
                f"--ServerApp.port={port}",
                "--ServerApp.port_retries=0",
                f"--LabApp.default_url=/lab/tree/{lesson}",
                "--ServerApp.log_level=WARN",
                *([] if browser else ["--no-browser"]),
                *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            ],
            environment={**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": configuration},
            url=f"http://localhost:{port}/lab/tree/{lesson}?token={token}",
        )


def free_port(wanted: int | None) -> int:
    """`wanted` if it is free, else the first free port from 8888. Raises LabError."""
    for port in [wanted] if wanted is not None else range(FIRST_PORT, LAST_PORT):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise LabError(
        f"port {wanted or f'{FIRST_PORT} to {LAST_PORT - 1}'} is in use; choose another with --port (PORT=)"
    )
