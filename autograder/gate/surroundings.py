"""What surrounds a run of somebody's code in this process: output, settings, random states, a time limit.

Each is put back as it was. The time limit needs the main thread of a Unix system: that is where a timer can
stop a loop.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
import torch

WAITING = 30  # times the limit on work


class TimeLimit(BaseException):
    """The time is up. No Exception, so that no answer and no check catches it by accident."""


@contextmanager
def quiet(printed: io.StringIO) -> Iterator[None]:
    """Catch what is printed; let warnings go: they never cost points."""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def settings_kept(folder: str, seed: int) -> Iterator[None]:
    """Run the block in `folder` with fixed random states and default settings; put back what was before."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    dtype, grad, threads = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()
    environment = dict(os.environ)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")  # type: ignore[no-untyped-call]
    torch.set_grad_enabled(True)
    torch.set_num_threads(1)  # five times as fast on tensors this small, and the workers beside it run on
    try:
        with np.printoptions(), np.errstate(), contextlib.chdir(folder):
            yield
    finally:
        plt.close("all")
        torch.set_printoptions(profile="default")  # type: ignore[no-untyped-call]
        torch.set_default_dtype(dtype)
        torch.set_default_device(None)
        torch.set_grad_enabled(grad)
        torch.set_num_threads(threads)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeLimit in the block after `seconds` of work, and again every tenth of one if something swallows it.

    Work is this process's CPU time, so that a busy machine does not turn a right answer into a slow one; what
    waits without working is stopped as well, after thirty times as long.
    """
    running = True
    unraisable = sys.unraisablehook

    def stop(*_: object) -> None:
        if running:
            raise TimeLimit(f"stopped after {seconds:.3g} s")

    def told(swallowed: sys.UnraisableHookArgs) -> None:  # by a callback of the garbage collector, say
        if not isinstance(swallowed.exc_value, TimeLimit):
            unraisable(swallowed)

    before = {one: signal.signal(one, stop) for one in (signal.SIGPROF, signal.SIGALRM)}
    sys.unraisablehook = told
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.1)
    signal.setitimer(signal.ITIMER_REAL, WAITING * seconds, 0.1)
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = unraisable
        for one, handler in before.items():
            signal.signal(one, handler)
