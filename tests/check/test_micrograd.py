"""The checks of 03_backprop/01_micrograd on another engine, on wrong ones; and the lesson's engine against torch."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.gate.workbench import Workbench
from autograder.lesson import read
from fasttrack.check import CheckFailed, NotWritten, micrograd
from fasttrack.check.fixtures.micrograd import carried_out
from fasttrack.check.micrograd.graphs import DOUBLING, PRODUCT, passed
from fasttrack.check.micrograd.programs import by_torch, parted, program, programs, spelled

ROOT = Path(__file__).parents[2]
LESSON = "03_backprop/01_micrograd"


class Value:
    """An engine of another make: it keeps slopes instead of a function, and has no functions beside its methods."""

    def __init__(self, data: float, inputs: Any = (), slopes: Any = (), op: str = "") -> None:
        self.data, self.grad, self.inputs, self.slopes, self.op = float(data), 0.0, tuple(inputs), slopes, op

    def pull(self, g: float) -> tuple[float, ...]:
        return tuple(g * slope for slope in self.slopes)

    def __add__(self, other: Any) -> Value:
        other = value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other: Any) -> Value:
        other = value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data), "*")

    def __pow__(self, k: float) -> Value:
        slope = k * self.data ** (k - 1) if k else 0.0
        return Value(self.data**k, (self,), (slope,), f"**{k}")

    def __neg__(self) -> Value:
        return Value(-self.data, (self,), (-1.0,), "neg")

    def __sub__(self, other: Any) -> Value:
        other = value(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0), "-")

    def __truediv__(self, other: Any) -> Value:
        other = value(other)
        slopes = (1 / other.data, -self.data / other.data**2)
        return Value(self.data / other.data, (self, other), slopes, "/")

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Value:
        return value(other) - self

    def __rtruediv__(self, other: Any) -> Value:
        return value(other) / self

    def exp(self) -> Value:
        return Value(math.exp(self.data), (self,), (math.exp(self.data),), "exp")

    def tanh(self) -> Value:
        return Value(math.tanh(self.data), (self,), (1 / math.cosh(self.data) ** 2,), "tanh")

    def relu(self) -> Value:
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),), "relu")

    def backward(self) -> None:
        backward(self)


def value(x: Any) -> Value:
    return x if isinstance(x, Value) else Value(x)


def multiply(a: Any, b: Any) -> Value:
    return Value(a.data * b.data, (a, b), (b.data, a.data), "*")


def power(a: Any, k: float) -> Value:
    leaf = torch.tensor(a.data, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(leaf**k, leaf)
    return Value(a.data**k, (a,), (slope.item(),), f"**{k}")


def local_slope(name: str, x: float, y: float) -> float:
    if name not in ("exp", "tanh", "relu"):
        raise ValueError(name)
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(getattr(torch, name)(leaf), leaf)[0].item()


def make_functions(table: dict[str, Any]) -> dict[str, Any]:
    def make(name: str, f: Any, slope: Any) -> Callable[[Any], Value]:
        return lambda a: Value(f(a.data), (a,), (slope(a.data, f(a.data)),), name)

    return {name: make(name, *pair) for name, pair in table.items()}


def topological_order(root: Any) -> list[Any]:
    inputs: dict[Any, Any] = {}
    todo = [root]
    for node in todo:
        if node not in inputs:
            inputs[node] = node.inputs
            todo += inputs[node]
    return list(TopologicalSorter(inputs).static_order())


def backward(root: Any) -> None:
    order = topological_order(root)
    grads = {node: float(node is root) for node in order}
    for node in reversed(order):
        for before, part in zip(node.inputs, node.pull(grads[node]) if node.inputs else (), strict=True):
            grads[before] += part
    for node, grad in grads.items():
        node.grad = grad if node.inputs else node.grad + grad


class Neuron:
    def __init__(self, inputs: int, rng: random.Random, bend: bool = True) -> None:
        self.own = [Value(rng.uniform(-1, 1)) for _ in range(inputs)] + [Value(0)]
        self.bend = bend

    def __call__(self, x: list[Any]) -> Value:
        total = self.own[-1]
        for w, one in zip(self.own, x, strict=False):
            total = total + one * w
        return total.tanh() if self.bend else total

    def parameters(self) -> list[Value]:
        return self.own


class MLP:
    def __init__(self, sizes: list[int], rng: random.Random, bend: bool = False) -> None:
        last = len(sizes) - 2
        self.layers = [
            [Neuron(sizes[k], rng, bend or k < last) for _ in range(sizes[k + 1])] for k in range(last + 1)
        ]

    def __call__(self, x: list[Any]) -> list[Any]:
        for layer in self.layers:
            x = [neuron(x) for neuron in layer]
        return x

    def parameters(self) -> list[Value]:
        return [parameter for layer in self.layers for neuron in layer for parameter in neuron.own]


class Layer(MLP):
    def __init__(self, inputs: int, outputs: int, rng: random.Random, bend: bool = True) -> None:
        super().__init__([inputs, outputs], rng, bend)


def margin_loss(scores: list[Any], targets: list[int]) -> Any:
    return sum((1 - y * s).relu() for s, y in zip(scores, targets, strict=True)) / len(scores)


def train(
    model: Any, x: Any, y: Any, lr: float, steps: int, batch_size: int, rng: random.Random
) -> list[float]:
    losses = []
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        for parameter in model.parameters():
            parameter.grad = 0.0
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        loss.backward()
        losses.append(loss.data)
        for parameter in model.parameters():
            parameter.data -= lr * parameter.grad
    return losses


RIGHT: dict[str, tuple[Any, ...]] = {
    "multiply": (multiply,),
    "power": (power,),
    "local_slope": (local_slope,),
    "make_functions": (make_functions,),
    "topological_order": (topological_order,),
    "backward": (backward,),
    "Value": (Value,),
    "Neuron": (Neuron,),
    "Layer": (Layer,),
    "MLP": (MLP,),
    "margin_loss": (margin_loss, Value),
    "train": (train, MLP, margin_loss, Value),
}


class NoReflectedSum(Value):
    def __radd__(self, other: Any) -> Any:
        return NotImplemented


class Turned(Value):
    __rsub__ = Value.__sub__  # type: ignore[assignment]


def recursive(root: Any) -> list[Any]:
    order: list[Any] = []

    def visit(node: Any) -> None:
        for before in node.inputs:
            if before not in order:
                visit(before)
        order.append(node)

    visit(root)
    return order


def late_binding(table: dict[str, Any]) -> dict[str, Any]:
    made = {}
    for name, (f, slope) in table.items():
        made[name] = lambda a: Value(f(a.data), (a,), (slope(a.data, f(a.data)),), name)  # noqa: B023
    return made


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, tuple[Any, ...], str]] = [
    ("multiply", (lambda a, b: Value(a.data * b.data, (a, b), (a.data, b.data), "*"),), "exchanged"),
    ("power", (lambda a, k: Value(a.data**k, (a,), (k * a.data**k,), f"**{k}"),), "yours has k$"),
    (
        "local_slope",
        (lambda name, x, y: 1 - x * x if name == "tanh" else local_slope(name, x, y),),
        "yours takes x",
    ),
    ("make_functions", (late_binding,), "a closure looks up the loop's variables"),
    ("topological_order", (recursive,), "one call deeper"),
    ("topological_order", (lambda root: topological_order(root)[::-1],), "the other way round"),
    ("topological_order", (lambda root: topological_order(root)[:-1],), "the root"),
    ("backward", (lambda root: None,), "expected"),
    ("power", (lambda a, k: Value(a.data**k, (a), (k * a.data ** (k - 1),)),), "needs its comma"),
    ("margin_loss", (lambda scores, targets: 0.0, Value), "the number 0$"),
    ("Value", (NoReflectedSum,), "__radd__"),
    ("Value", (Turned,), "self stands on the right"),
    (
        "margin_loss",
        (lambda scores, targets: margin_loss(scores, targets) * len(scores), Value),
        "not the sum",
    ),
    ("train", (lambda *args: [0.0] * args[4], MLP, margin_loss, Value), "expected"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_an_engine_of_another_make_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(micrograd, name)(*RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: tuple[Any, ...], hint: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(micrograd, name)(*learner, seed=seed)


def test_an_engine_that_overwrites_gradients_is_sent_to_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    def overwriting(root: Value) -> None:
        root.grad = 1.0
        for node in reversed(topological_order(root)):
            for before, part in zip(node.inputs, node.pull(node.grad), strict=True):
                before.grad = part

    monkeypatch.setattr(Value, "backward", overwriting)
    with pytest.raises(CheckFailed, match="each operator alone is right: look at backward"):
        micrograd.Value(Value)


def test_training_with_a_wrong_loss_blames_the_loss() -> None:
    def double(scores: list[Any], targets: list[int]) -> Any:
        return 2 * margin_loss(scores, targets)

    def train_doubly(model: Any, x: Any, y: Any, lr: float, *settings: Any) -> list[float]:
        return [2 * loss for loss in train(model, x, y, 2 * lr, *settings)]

    with pytest.raises(CheckFailed, match="it lies in margin_loss"):
        micrograd.train(train_doubly, MLP, double, Value)


def test_a_network_on_a_wrong_engine_blames_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Value, "tanh", Value.relu)
    with pytest.raises(CheckFailed, match="it lies in Value"):
        micrograd.Neuron(Neuron)


def test_losses_kept_as_values_are_called_values() -> None:
    def keeping(*args: Any) -> list[Any]:
        return [Value(loss) for loss in train(*args)]

    with pytest.raises(CheckFailed, match=r"3 of 3 are of type Value\n.*loss\.data is the number"):
        micrograd.train(keeping, MLP, margin_loss, Value)


def test_an_error_in_a_fixture_is_told_in_words_a_learner_can_type() -> None:
    def lost(*args: Any) -> list[float]:
        raise KeyError("lost")

    with pytest.raises(CheckFailed, match=r"train\(MLP\(\[2, 3, 1\], rng\), x, y"):
        micrograd.train(lost, MLP, margin_loss, Value)


def test_what_an_exercise_builds_on_is_named() -> None:
    def topological_order(root: Any) -> list[Any]:
        raise NotImplementedError

    with pytest.raises(NotWritten, match=r"^not written yet: topological_order, which backward builds on$"):
        micrograd.backward(lambda root: topological_order(root))


@pytest.mark.parametrize("shift", [1e-6, 1e-4])
def test_a_slope_that_is_slightly_off_fails(shift: float) -> None:
    class Off(Value):
        def tanh(self) -> Value:
            return Value(math.tanh(self.data), (self,), ((1 + shift) / math.cosh(self.data) ** 2,), "tanh")

    def start(data: float) -> Value:
        return Off(data)

    with pytest.raises(CheckFailed):
        micrograd.Value(start)


def test_the_oracle_of_graphs_is_torch() -> None:
    a, b = (torch.tensor(data, dtype=torch.float64, requires_grad=True) for data in (2.0, 3.0))
    (a * b + a).backward()
    assert passed(PRODUCT, [0.0] * 4, [3]) == [[a.grad.item(), b.grad.item(), 1.0, 1.0]]  # type: ignore[union-attr]
    assert passed(DOUBLING, [0.0] * 60, [59])[0][0] == 0.75**59


def test_random_programs_differ_share_nodes_and_use_everything() -> None:
    made = list(programs(random.Random(0), 300))
    assert len({spelled(one) for one in made}) == 300
    used = [[word for step in one["steps"] for word in step[2:] if isinstance(word, str)] for one in made]
    assert sum(len(set(words)) < len(words) for words in used) > 200
    assert {step[1] for one in made for step in one["steps"]} == {
        "+",
        "-",
        "*",
        "/",
        "**",
        "neg",
        "exp",
        "tanh",
        "relu",
    }


@pytest.fixture(scope="module")
def lesson() -> Iterator[dict[str, Any]]:
    """The names of the lesson, with its own answers."""
    with Workbench(read(ROOT / "solutions" / f"{LESSON}.py", LESSON)) as bench:
        yield bench.namespace


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 40))
def test_the_lessons_engine_agrees_with_torch_on_random_programs(
    lesson: dict[str, Any], seed: int, steps: int
) -> None:
    made = program(random.Random(seed), steps)
    values = carried_out(made, lesson["Value"])
    *_, root = values.values()
    root.backward()
    assert parted({name: (one.data, one.grad) for name, one in values.items()}, by_torch(made)) is None


numbers = st.floats(-2, 2)
leaves = st.integers(0, 2)
trees = st.recursive(
    st.one_of(numbers, leaves),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*"), inner, inner), st.tuples(st.sampled_from(["tanh", "neg"]), inner)
    ),
    max_leaves=12,
)


def grown(tree: Any, x: list[Any]) -> Any:
    """An expression of the leaves x: an int is a leaf, a float a number, a tuple an operation."""
    if not isinstance(tree, tuple):
        return x[tree] if isinstance(tree, int) else tree
    operation, one, *rest = tree
    one, *rest = grown(one, x), *(grown(other, x) for other in rest)
    if operation == "neg":
        return -one
    if operation == "tanh":
        return math.tanh(one) if isinstance(one, float) else one.tanh()
    return {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}[operation](one, *rest)


@settings(max_examples=300, deadline=None)
@given(tree=trees, data=st.lists(numbers, min_size=3, max_size=3))
def test_the_lessons_engine_agrees_with_torch_on_trees_that_shrink(
    lesson: dict[str, Any], tree: Any, data: list[float]
) -> None:
    ours = [lesson["Value"](number) for number in data]
    theirs = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in data]
    root, want = (grown(tree, x) + 0 * sum(x) for x in (ours, theirs))
    root.backward()
    grads = torch.autograd.grad(want, theirs)
    assert root.data == pytest.approx(want.item(), rel=1e-12, abs=1e-12)
    assert [one.grad for one in ours] == pytest.approx([grad.item() for grad in grads], rel=1e-9, abs=1e-9)
