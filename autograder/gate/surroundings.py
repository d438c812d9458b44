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
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
import torch


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
    """Raise TimeLimit in the block after `seconds`, and again every tenth of one if something swallows it."""
    running = True

    def stop(*_: object) -> None:
        if running:
            raise TimeLimit(f"stopped after {seconds:.3g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
