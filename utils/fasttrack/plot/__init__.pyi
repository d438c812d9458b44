from .charts import bars, curves, fit, ladder, pipeline
from .graphs import descent, graph
from .style import Picture
from .tensors import broadcast, grid, reductions, strides
from .training import confusion, images, learning

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
