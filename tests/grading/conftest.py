"""A real PostgreSQL server on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database of a server that lives as long as the tests."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs and not shutil.which("initdb"):
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    bin_ = programs[-1] if programs else Path(shutil.which("initdb") or "").parent
    folder = Path("/tmp") / f"pg-{os.getpid()}"  # a socket's path must be short
    folder.mkdir(mode=0o700)
    as_owner: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        as_owner = ["runuser", "-u", "postgres", "--"]
    port = free_port()
    options = f"-k {folder} -h 127.0.0.1 -p {port} -c fsync=off"
    try:
        run = {"check": True, "capture_output": True, "cwd": folder}
        subprocess.run(
            [*as_owner, bin_ / "initdb", "-D", folder / "data", "-U", "test", "-A", "trust"], **run
        )  # type: ignore[call-overload]
        server = subprocess.Popen(
            [*as_owner, bin_ / "postgres", "-D", folder / "data", *options.split()],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            ready = [bin_ / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "60"]
            for _ in range(200):
                if subprocess.run(ready, check=False).returncode == 0:
                    break
            yield f"postgresql+psycopg2://test@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run(
                [*as_owner, bin_ / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], check=False
            )
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
