"""Getting hold of what is not bundled, with a bar that shows how far it is."""

from __future__ import annotations

from pathlib import Path

from requests import exceptions
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from fasttrack.data import inventory
from fasttrack.data.registry import REGISTRY, DataUnavailable, fetch


class NoNetwork(DataUnavailable):
    """Nothing can be downloaded now."""


def fetch_item(item: inventory.Item, console: Console) -> Path:
    """Where it lies: a file of the registry, or the folder of a model; downloaded unless it is here and whole.

    Raises NoNetwork, and DataUnavailable if a server gives something else or nothing. Nothing is half-written.
    """
    return fetch_file(item.name, console) if item.name in REGISTRY else fetch_model()


def fetch_file(name: str, console: Console) -> Path:
    """A file of the registry; its bar goes away when it is there."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task(name, total=REGISTRY[name].bytes)
            return fetch(name, lambda done: progress.update(bar, completed=done))
    except DataUnavailable as error:
        if isinstance(error.__cause__, exceptions.ConnectionError | exceptions.Timeout):
            raise NoNetwork(str(error)) from error
        raise


def fetch_model() -> Path:
    """GPT-2 from the model hub, into the hub library's own cache; that library shows the bars, and trusts its cache."""
    from huggingface_hub.errors import HfHubHTTPError

    from fasttrack.models.hub import download

    for path in inventory.downloaded_files(inventory.find("gpt2")):
        if inventory.damage(path):
            path.resolve().unlink()
            path.unlink(missing_ok=True)
    try:
        paths = [Path(download(inventory.GPT2, file)) for file in inventory.GPT2_FILES]
    except HfHubHTTPError as error:
        raise DataUnavailable(f"gpt2: the model hub answered {first_line(error)}") from error
    except OSError as error:
        silent = isinstance(
            error, ConnectionError | TimeoutError | exceptions.ConnectionError | exceptions.Timeout
        )
        raise (NoNetwork if silent else DataUnavailable)(f"gpt2: {first_line(error)}") from error
    return paths[0].parent


def first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
