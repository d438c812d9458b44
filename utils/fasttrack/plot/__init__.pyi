from .attention import attention
from .boundaries import boundaries
from .chains import chain, heatmap
from .charts import bars, curves, fit, ladder, pipeline
from .contexts import dilated, joining
from .cuts import cuts
from .dials import dials
from .embeddings import embedding
from .expressions import dot, expression
from .graphs import descent, graph
from .indexes import cells, recall_speed
from .layers import layers
from .letters import bigrams, spelling
from .models import shares, tower
from .network import both_ways, heatmaps
from .runs import runs
from .streams import stream
from .style import Picture
from .tensors import broadcast, grid, reductions, strides
from .tokens import tokens
from .tradeoffs import tradeoff
from .training import confusion, images, learning

__all__ = [
    "Picture",
    "attention",
    "bars",
    "bigrams",
    "both_ways",
    "boundaries",
    "broadcast",
    "cells",
    "chain",
    "confusion",
    "curves",
    "cuts",
    "descent",
    "dials",
    "dilated",
    "dot",
    "embedding",
    "expression",
    "fit",
    "graph",
    "grid",
    "heatmap",
    "heatmaps",
    "images",
    "joining",
    "ladder",
    "layers",
    "learning",
    "pipeline",
    "recall_speed",
    "reductions",
    "runs",
    "shares",
    "spelling",
    "stream",
    "strides",
    "tokens",
    "tower",
    "tradeoff",
]
