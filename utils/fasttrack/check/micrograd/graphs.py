"""Checks of walks over a graph. Oracle: its vertices come in order, so a plain loop from the last to the first."""

from __future__ import annotations

import random
from typing import Any

from fasttrack.check import check, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import micrograd as fixtures
from fasttrack.check.values import describe, difference

Graph = list[tuple[list[int], list[float]]]

DEEP = 1_200  # nodes in a chain: more than Python's limit of calls within calls
LEAF: tuple[list[int], list[float]] = ([], [])
PRODUCT: Graph = [LEAF, LEAF, ([0, 1], [3.0, 2.0]), ([2, 0], [1.0, 1.0])]  # e = a * b + a
SQUARE: Graph = [LEAF, ([0, 0], [3.0, 4.0])]
THREE: Graph = [LEAF, ([0], [2.0]), ([1], [5.0])]
DETOUR: Graph = [
    LEAF,
    ([0], [2.0]),
    ([1], [5.0]),
    ([1, 2], [3.0, 7.0]),
]  # a short and a long way to the same node
CHAIN: Graph = [LEAF, *(([k], [1.0 + (-1) ** k / 512]) for k in range(DEEP - 1))]
# Each node doubles the one before: 60 nodes, and 2^59 ways from the last to the first.
DOUBLING: Graph = [LEAF, *(([k, k], [0.5, 0.25]) for k in range(59))]


def drawn(rng: random.Random, leaves: int, others: int) -> Graph:
    """A random graph; not all of it need lie behind its last vertex."""
    graph: Graph = [LEAF] * leaves
    for k in range(leaves, leaves + others):
        inputs = [rng.randrange(max(0, k - 6), k) for _ in range(rng.randint(1, 3))]
        graph.append((inputs, [round(rng.uniform(-2, 2), 3) for _ in inputs]))
    return graph


def reached(graph: Graph, root: int) -> list[int]:
    """The vertices behind `root`, itself included, in order."""
    found = {root}
    for k in range(root, -1, -1):
        if k in found:
            found.update(graph[k][0])
    return sorted(found)


def name(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else f"node {place}"


def told(graph: Graph) -> str:
    """A graph in words; every operation is called f."""
    if len(graph) > 26:
        return f"a graph of {len(graph)} nodes"
    return "; ".join(
        f"{name(k)} = f({', '.join(map(name, inputs))})" if inputs else f"{name(k)} a leaf"
        for k, (inputs, _) in enumerate(graph)
    )


@check
def topological_order(learner: Any, seed: int) -> None:
    """Each node once, after all of its inputs. Oracle: the definition, node by node."""
    rng = random.Random(seed)
    random_graphs = [drawn(rng, rng.randint(1, 4), rng.randint(1, 20)) for _ in range(40)]
    for graph in (PRODUCT, SQUARE, [LEAF], DETOUR, *random_graphs, DOUBLING, CHAIN):
        got = beside(learner, fixtures.ordered, graph)
        words = fault_of(got, graph)
        require(
            not words,
            ("graph", told(graph)),
            ("expected", "a list: all nodes behind the last one, itself included, inputs before users"),
            ("got", shown(got)),
            ("mistake", words),
        )


def shown(got: Any) -> str:
    if isinstance(got, list) and all(isinstance(k, int) for k in got) and len(got) <= 26:
        return "[" + ", ".join(name(k) if k >= 0 else "no node of the graph" for k in got) + "]"
    return f"a list of {len(got)}" if isinstance(got, list) else describe(got)


def fault_of(got: Any, graph: Graph) -> str:
    """What is wrong with an order; "" if nothing is."""
    want = reached(graph, len(graph) - 1)
    if isinstance(got, str):
        return {
            "RecursionError": "a function that calls itself goes one call deeper for each node, and Python stops at"
            " about 1,000: keep the nodes to visit in a list of your own",
            "Wandering": "the same nodes are visited again and again: remember which you have seen",
        }.get(got, "return a list of nodes")
    if not isinstance(got, list) or not all(type(k) is int for k in got):
        return "return a list of nodes"
    if -1 in got:
        return "the list holds something that is no node of the graph"
    if len(set(got)) < len(got):
        return f"{name(next(k for k in got if got.count(k) > 1))} stands in the list twice: remember what you have seen"
    if missing := set(want) - set(got):
        lost = min(missing)
        kind = "the root" if lost == len(graph) - 1 else "a leaf" if not graph[lost][0] else "a node"
        return f"{kind}, {name(lost)}, is missing"
    place = {k: at for at, k in enumerate(got)}
    pairs = [(k, i) for k in want for i in graph[k][0]]
    late = [(k, i) for k, i in pairs if place[i] > place[k]]
    if len(late) == len(pairs) and pairs:
        return "inputs come first and the root last: yours is the other way round"
    if late:
        k, i = late[0]
        return f"{name(k)} stands before its input {name(i)}: add a node only when all of its inputs are in the list"
    return (
        f"{name(min(set(got) - set(want)))} is in the list, and the root does not depend on it"
        if set(got) - set(want)
        else ""
    )


def passed(graph: Graph, start: list[float], roots: list[int], fault: str = "") -> list[list[float]]:
    """Gradients after backward from each root in turn, or with one fault in it."""
    grads, after = list(start), []
    for root in roots:
        behind = reached(graph, root)
        for k in behind:
            if fault == "leaves cleared" or (graph[k][0] and not fault.startswith("stale")):
                grads[k] = 0.0
        assigned = fault == "stale" or fault == "root assigned"
        grads[root] = 1.0 if assigned else grads[root] + (fault != "no seed")
        order = behind[::-1]
        if fault == "breadth":
            order = levels(graph, root)
        elif fault == "forwards":
            order = behind
        for k in order:
            for i, slope in zip(*graph[k], strict=True):
                if fault == "overwritten":
                    grads[i] = grads[k] * slope
                else:
                    grads[i] += slope * (1.0 if fault == "no product" else grads[k])
        after.append(list(grads))
    return after


def levels(graph: Graph, root: int) -> list[int]:
    """The vertices behind `root`, nearest first: an order in which a node may come before one that uses it."""
    found = [root]
    for k in found:
        found += [i for i in dict.fromkeys(graph[k][0]) if i not in found]
    return found


FAULTS = {
    "root assigned": "the root may be a leaf, and then 1 is added to what its .grad held: += 1.0, not = 1.0",
    "leaves cleared": "what a leaf's .grad held before stays in it: backward adds",
    "overwritten": "a gradient is overwritten where it must be added: a node that is used twice gets both parts",
    "breadth": "a node hands on its gradient before all of it has arrived: walk the topological order backwards",
    "forwards": "walk the topological order backwards, from the root to the leaves",
    "no seed": "the gradient of the root itself is 1: start with it",
    "no product": "hand on pull(node.grad): yours leaves out the gradient that has arrived at the node",
    "stale": "nodes in between still hold the gradient of an earlier backward: set those to 0 first, not the leaves",
    "stale root": "nodes in between, the root among them, still hold an earlier gradient: set them to 0 first",
}


@check
def backward(learner: Any, seed: int) -> None:
    """d root / d node at every node, added at leaves. Oracle: a loop over the graph from last to first."""
    rng = random.Random(seed)
    for graph, roots in ((PRODUCT, [3]), (SQUARE, [1]), (DETOUR, [3]), ([LEAF], [0])):
        compared(learner, graph, [0.0] * len(graph), roots)
    for graph, roots in ((THREE, [2]), (THREE, [2, 2]), (PRODUCT, [3, 3]), (DETOUR, [2, 3]), ([LEAF], [0])):
        compared(learner, graph, [5.0, *[0.0] * (len(graph) - 1)], roots)
    cases: list[tuple[Graph, list[int]]] = []
    for _ in range(20):
        graph = drawn(rng, rng.randint(1, 4), rng.randint(1, 16))
        last = len(graph) - 1
        cases += [(graph, [last]), (graph, [last, last]), (graph, [last - 1, last])]
    for case, (graph, roots) in enumerate((*cases, (DOUBLING, [59]))):
        used = case % 2
        start = [round(rng.uniform(-3, 3), 3) if used else 0.0 for _ in graph]
        compared(learner, graph, start, roots)
    compared(learner, CHAIN, [0.0] * DEEP, [DEEP - 1])


def compared(learner: Any, graph: Graph, start: list[float], roots: list[int]) -> None:
    want = passed(graph, start, roots)
    got = beside(learner, fixtures.gradients, graph, start, roots)
    words = {
        "RecursionError": "it goes too deep: backward itself needs no recursion, and topological_order none either",
        "Wandering": "the same nodes are visited again and again: is it topological_order?",
    }
    if isinstance(got, str) and got in words:
        require(False, ("graph", told(graph)), ("raised", got), ("mistake", words[got]))
    calls = ", then ".join(f"backward({name(root)})" for root in roots)
    before = "" if not any(start) else ", where gradients were not 0 before"
    agree(
        f"all gradients after {calls}; {told(graph)}{before}",
        got,
        want,
        {
            words: wrong
            for fault, words in FAULTS.items()
            if difference(wrong := passed(graph, start, roots, fault), want, (1e-9, 1e-9))
        },
        (1e-9, 1e-12),
    )
