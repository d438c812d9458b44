"""Where the course writes and answers: the learner's folder, the cache of downloads, the port of JupyterLab."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from fasttrack import lab
from fasttrack.doctor.finding import Finding, fine, note, wrong
from fasttrack.doctor.machine import existing


def obstacle(folder: Path) -> str:
    """Why nothing can be written in a folder, or the folder not made; "" if it can. Tries, and leaves nothing."""
    above = existing(folder)
    if not above.is_dir():
        return f"{above} is a file, not a folder"
    try:
        with tempfile.TemporaryFile(dir=above):
            return ""
    except OSError as error:
        return f"{above} cannot be written: {error.strerror}"


def work_folder(work: Path) -> Finding:
    """Where the learner's notebooks are, or will be."""
    if problem := obstacle(work):
        return wrong("your work", problem, "choose another folder: fasttrack lab --work FOLDER")
    if not work.exists():
        return fine("your work", f"{work} is not there yet; fasttrack lab makes it")
    count = len(list(work.glob("*/*.ipynb")))
    return fine("your work", f"{count} notebook{'' if count == 1 else 's'} in {work}")


def cache_folder(cache: Path) -> Finding:
    """Where downloads are kept."""
    if problem := obstacle(cache):
        return note("downloads", problem, "choose another folder by the environment variable FASTTRACK_CACHE")
    return fine("downloads", f"are kept in {cache}")


def port(free_port: Callable[[int | None], int] = lab.free_port) -> Finding:
    """Where JupyterLab would answer."""
    try:
        found = free_port(None)
    except lab.LabError as error:
        return wrong("port", str(error), "fasttrack lab --port 9000")
    if found == lab.FIRST_PORT:
        return fine("port", f"{found} is free")
    return fine("port", f"{lab.FIRST_PORT} is taken, JupyterLab would answer at {found}")
