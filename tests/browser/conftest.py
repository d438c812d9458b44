"""Headless Chromium, the servers it looks at, and the pictures it takes.

Every picture is kept in test-artifacts/. With FASTTRACK_IMAGES=1 those of the README are written to docs/images/.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Error, Locator, Page

from tests.conftest import ARTEFACTS, ROOT

IMAGES = ROOT / "docs" / "images"
PATIENCE = 300_000  # milliseconds for anything to appear, many times what it takes
WIDTH, MOST = 1280, 200_000  # of a picture in the README: pixels, bytes

Picture = Callable[[Page | Locator, str], None]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page, as wide as the README's pictures."""
    page = chromium.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
    page.set_default_timeout(PATIENCE)
    yield page
    page.close()


@pytest.fixture
def picture() -> Picture:
    """Takes a picture of a page, or of a part of one."""

    def take(shown: Page | Locator, name: str) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        shown.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled")

    return take


@pytest.fixture
def readme_picture(picture: Picture) -> Picture:
    """As `picture`; kept for the README, if that is asked for, in 256 colours."""

    def take(shown: Page | Locator, name: str) -> None:
        picture(shown, name)
        with Image.open(ARTEFACTS / f"{name}.png") as image:
            assert image.width == WIDTH
            small = BytesIO()
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        assert len(small.getvalue()) <= MOST
        if os.environ.get("FASTTRACK_IMAGES"):
            IMAGES.mkdir(parents=True, exist_ok=True)
            (IMAGES / f"{name}.png").write_bytes(small.getvalue())

    return take


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[str]:
    """The address that a JupyterLab in `folder` prints; it ends with the block, and knows of no other one.

    It may be printed before the server listens: see `opened`.
    """
    own = {f"JUPYTERLAB_{what}_DIR": str(folder / ".lab" / what) for what in ("SETTINGS", "WORKSPACES")}
    server = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout
    # Somebody must read on, or a full pipe would stop the server.
    reader = threading.Thread(target=server.stdout.read)
    said = []
    try:
        for line in server.stdout:
            said.append(line)
            if found := re.search(r"http://\S+token=\w+", line):
                break
        else:
            pytest.fail(f"no address was printed:\n{''.join(said)}")
        reader.start()
        yield found[0]
    finally:
        server.terminate()
        server.wait(timeout=120)
        if reader.ident:
            reader.join()
        server.stdout.close()


def opened(page: Page, url: str) -> None:
    """Go there as soon as the server, which has printed its address, answers."""
    while True:
        try:
            page.goto(url)
            return
        except Error as error:
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            page.wait_for_timeout(200)
