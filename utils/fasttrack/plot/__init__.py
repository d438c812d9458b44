"""Pictures for the lessons: each function returns a `Picture`, which a cell shows by ending in it."""

from fasttrack.plot.charts import bars, curves, fit, ladder, pipeline
from fasttrack.plot.graphs import descent, graph
from fasttrack.plot.style import Picture
from fasttrack.plot.tensors import broadcast, grid, reductions, strides
from fasttrack.plot.training import confusion, images, learning

__all__ = [
    "Picture",
    "bars",
    "broadcast",
    "confusion",
    "curves",
    "descent",
    "fit",
    "graph",
    "grid",
    "images",
    "ladder",
    "learning",
    "pipeline",
    "reductions",
    "strides",
]
