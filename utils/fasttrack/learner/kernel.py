"""A fresh Jupyter kernel to run cells in, one at a time, each with a time limit.

It is the kernel that JupyterLab would start, so cells mean the same here. Left out: widgets, input from the keyboard.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from subprocess import DEVNULL
from types import TracebackType
from typing import Any, Self

START = 60.0  # seconds for the kernel to answer at all
GRACE = 20.0  # seconds for it to come back from an interrupt
LOOK = 0.5  # seconds between two looks whether it is alive


class KernelGone(RuntimeError):
    """The kernel died, or does not come back from an interrupt: nothing more can be run in it."""


class NoKernel(RuntimeError):
    """No kernel can be started; the message says what to do."""


@dataclass(frozen=True)
class Ran:
    """What a cell printed on stdout, and its error, if there was one; `timed_out` if it had to be interrupted."""

    printed: str = ""
    ename: str = ""
    evalue: str = ""
    timed_out: bool = False


class Kernel:
    """A kernel whose working directory is `folder`; a context manager."""

    def __init__(self, folder: Path) -> None:
        try:
            import ipykernel  # noqa: F401 - what the manager starts
            from jupyter_client.manager import KernelManager
        except ImportError as error:
            raise NoKernel(
                f'running a notebook needs {error.name}: pip install "llm-fasttrack[lab]"'
            ) from None
        self.manager = KernelManager(kernel_name="python3")
        try:
            self.manager.start_kernel(cwd=str(folder.resolve()), stdout=DEVNULL, stderr=DEVNULL)
            self.client = self.manager.blocking_client()
            self.client.start_channels()
            self.client.wait_for_ready(timeout=START)
        except BaseException as error:
            self.close()
            if isinstance(error, RuntimeError | OSError):
                raise NoKernel(
                    f"Jupyter's Python kernel does not start: {error}; see `fasttrack doctor`"
                ) from None
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the kernel and what it started in its process group."""
        client = getattr(self, "client", None)
        if client is not None:
            client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)

    def run(self, source: str, limit: float) -> Ran:
        """Run one cell for at most `limit` seconds, then interrupt it. Raises KernelGone."""
        asked = self.client.execute(source, allow_stdin=False, stop_on_error=False)
        ran, over = self._listen(asked, time.monotonic() + limit)
        if over:
            return ran
        self.manager.interrupt_kernel()
        ran, over = self._listen(asked, time.monotonic() + GRACE)
        if not over:
            raise KernelGone(f"still busy {GRACE:.0f} seconds after it was interrupted")
        return Ran(ran.printed, timed_out=True)

    def _listen(self, asked: str, until: float) -> tuple[Ran, bool]:
        """What comes from the kernel for one request until it is idle again, and whether it is."""
        printed: list[str] = []
        ename = evalue = ""
        while (left := until - time.monotonic()) > 0:
            try:
                message: dict[str, Any] = self.client.get_iopub_msg(timeout=min(left, LOOK))
            except Empty:
                if not self.manager.is_alive():
                    raise KernelGone("the kernel died (out of memory, or a crash in compiled code)") from None
                continue
            if message["parent_header"].get("msg_id") != asked:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return Ran("".join(printed), ename, evalue), True
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            elif message["msg_type"] == "error":
                ename, evalue = content["ename"], content["evalue"]
        return Ran("".join(printed), ename, evalue), False
