"""Checks of the learner's work: one module per unit, all written with `expect`.

A notebook imports its unit's module (`from fasttrack.check import tensors as check`) and each test cell
calls one check with the learner's object: `check.softmax(softmax)`. The rules every check obeys are in
CONTRIBUTING.md.
"""

from fasttrack.check.expect import Expectation, check, expect, require
from fasttrack.check.failure import CheckFailed, NotWritten

__all__ = ["CheckFailed", "Expectation", "NotWritten", "check", "expect", "require"]
