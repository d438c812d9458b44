"""What a check needs beside the learner: things that are not data, built where the learner's object lives.

A tensor to be differentiated, a module, an optimiser or a generator cannot cross from the grader to the learner.
A fixture is a function of this module that gets the learner's object and data, builds them there, and returns data
or an object to ask further:

    grad = beside(learner, fixtures.gradient, x)

What a fixture returns passed through the learner's hands: expected values come from the check's own copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from fasttrack.check.expect import name_of, spell
from fasttrack.check.failure import CheckFailed, NotWritten
from fasttrack.check.reach import Reply, call

Fixture = Callable[..., Any]


def beside(learner: Any, fixture: Fixture, /, *args: Any, **kwargs: Any) -> Any:
    """What `fixture(learner, *args, **kwargs)` gives where the learner's object lives.

    An error there fails the check as an error in a call does: NotWritten for NotImplementedError, else CheckFailed.
    """
    remote: Callable[[Any, Fixture, Sequence[Any], Mapping[str, Any]], Reply] | None
    remote = getattr(type(learner), "__fasttrack_beside__", None)
    reply = (
        remote(learner, fixture, args, kwargs) if remote else call(partial(fixture, learner), args, kwargs)
    )
    if not reply.error:
        return reply.value
    name = name_of(learner)
    if reply.error.is_a(NotImplementedError):
        raise NotWritten(name)
    called = f"{fixture.__name__} of {spell(learner, name, args, kwargs)}"
    raise CheckFailed(f"{name}: not right yet", ("called", called), ("raised", str(reply.error)))


def gradient(learner: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """The gradient, with respect to x, of the sum of what the learner's function makes of it."""
    x.requires_grad_()
    learner(x, *args, **kwargs).sum().backward()
    if x.grad is None:
        raise ValueError("no gradient reached the input")
    return x.grad
