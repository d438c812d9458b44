"""Pictures for the lessons: each function returns a `Picture`, which a cell shows by ending in it."""

from fasttrack.plot.charts import bars, curves, fit, ladder, pipeline
from fasttrack.plot.style import Picture
from fasttrack.plot.tensors import broadcast, grid, reductions, strides

__all__ = [
    "Picture",
    "bars",
    "broadcast",
    "curves",
    "fit",
    "grid",
    "ladder",
    "pipeline",
    "reductions",
    "strides",
]
