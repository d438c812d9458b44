"""Checks of 03_backprop/01_micrograd: operations, walks over the graph, the class Value, networks, training."""

from fasttrack.check.micrograd.graphs import backward, topological_order
from fasttrack.check.micrograd.learning import margin_loss, train
from fasttrack.check.micrograd.networks import MLP, Layer, Neuron
from fasttrack.check.micrograd.operations import local_slope, make_functions, multiply, power
from fasttrack.check.micrograd.value import Value

__all__ = [
    "MLP",
    "Layer",
    "Neuron",
    "Value",
    "backward",
    "local_slope",
    "make_functions",
    "margin_loss",
    "multiply",
    "power",
    "topological_order",
    "train",
]
