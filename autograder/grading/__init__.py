"""Grading a class: find what was handed in, judge it on workers, record it in one place, report it."""
