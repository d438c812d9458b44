"""The learner's IPython: magics, top-level await, display, figures and warnings as in Jupyter, without a kernel."""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .outputs import Output, Outputs, Stream

STDOUT, STDERR = Stream("stdout"), Stream("stderr")


class Hook(DisplayHook):
    """The value of a cell's last expression becomes its result."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        STDOUT.outputs.bundle("execute_result", format_dict, None, update=False)

    def finish_displayhook(self) -> None:
        self._is_active = False


class Publisher(DisplayPublisher):
    """`display` and figures."""

    def publish(  # type: ignore[override]
        self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **_: Any
    ) -> None:
        display_id = (transient or {}).get("display_id")
        STDOUT.outputs.bundle("display_data", data, display_id, update)

    def clear_output(self, wait: bool = False) -> None:
        STDOUT.outputs.clear(wait)


class Shell(InteractiveShell):
    """An interactive shell whose every output is kept."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        lines = [line for text in stb for line in str(text).split("\n")]
        STDOUT.outputs.error(etype.__name__, str(evalue), lines)

    def ask_exit(self) -> None:
        """`exit` in a notebook ends nothing."""

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window to show anything in."""


def start() -> Shell:
    """The one shell of this process, its streams in place of Python's."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.ast_node_interactivity = "last_expr"
    settings.InteractiveShell.xmode = "Plain"  # the coloured lines of each call take 20 ms an error
    sys.stdout, sys.stderr = STDOUT, STDERR
    shell: Shell = Shell.instance(config=settings, display_pub_class=Publisher, displayhook_class=Hook)
    return shell


def run(shell: Shell, source: str, limit: int) -> tuple[list[Output], BaseException | None]:
    """Run a cell; returns its outputs, at most about `limit` bytes of them, and what it raised, if anything."""
    STDOUT.outputs = STDERR.outputs = outputs = Outputs(limit)
    result: Any = shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
    return outputs.finished(), result.error_before_exec or result.error_in_exec
