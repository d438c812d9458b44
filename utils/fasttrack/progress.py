"""A progress bar for long cells: one line of text, updated in place, in Jupyter, Colab and an executed notebook.

A carriage return would do in a terminal, but a saved notebook keeps every line that was overwritten. Left out: nested
bars, colours.
"""

from __future__ import annotations

import time

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

WIDTH = 24  # characters
PAUSE = 0.25  # seconds between two updates of the output


class Bar:
    """A bar of `total` steps: `bar(done, note)` shows how many are done, the time they took, and what is left of it.

    The first call may have more than one step done: a run that goes on. Outside IPython it writes to one line.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._start = time.perf_counter()
        self._shown = -PAUSE
        self._before: int | None = None
        self._handle: DisplayHandle | None = None

    def __call__(self, done: int, note: str = "") -> None:
        """Show it, at most four times a second, and always when `done` reaches the total."""
        seconds = time.perf_counter() - self._start
        if self._before is None:
            self._before = done - 1
        if done < self.total and seconds - self._shown < PAUSE:
            return
        self._shown = seconds
        text = line(done, self.total, seconds, seconds / (done - self._before) * (self.total - done), note)
        if get_ipython() is None:
            print(f"\r{text}", end="\n" if done == self.total else "", flush=True)
        elif self._handle is None:
            self._handle = display({"text/plain": text}, raw=True, display_id=True)
        else:
            self._handle.update({"text/plain": text}, raw=True)


def line(done: int, total: int, seconds: float, left: float, note: str = "") -> str:
    """The bar as text: "  300/600 ████████████░░░░░░░░░░░░  45 s, 46 s to go  loss 0.612"."""
    full = WIDTH * done // total
    bar = "█" * full + "░" * (WIDTH - full)
    return f"{done:>{len(str(total))}}/{total} {bar}  {seconds:.0f} s, {left:.0f} s to go  {note}".rstrip()
