"""Small faults for one piece of a syntax tree: what a slip of the pen, or of the mind, would make of it.

`faults(node)` yields replacements for a libcst node, by its kind. Faults that no test could tell from the
original, such as another text in an error's message or another annotation, are left out; whatever
equivalents remain are for the author to list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import libcst as cst

from autograder.gate.syntax import called, number, parenthesised, swapped, torch_like, without

OPERATORS: dict[type[cst.CSTNode], tuple[type[cst.CSTNode], ...]] = {
    cst.Add: (cst.Subtract,),
    cst.Subtract: (cst.Add,),
    cst.Multiply: (cst.Divide, cst.Add),
    cst.Divide: (cst.Multiply, cst.FloorDivide),
    cst.FloorDivide: (cst.Divide, cst.Multiply),
    cst.Modulo: (cst.FloorDivide,),
    cst.Power: (cst.Multiply,),
    cst.MatrixMultiply: (cst.Multiply,),
    cst.BitAnd: (cst.BitOr,),
    cst.BitOr: (cst.BitAnd,),
    cst.BitXor: (cst.BitOr,),
    cst.LeftShift: (cst.RightShift,),
    cst.RightShift: (cst.LeftShift,),
    cst.And: (cst.Or,),
    cst.Or: (cst.And,),
    cst.AddAssign: (cst.SubtractAssign,),
    cst.SubtractAssign: (cst.AddAssign,),
    cst.MultiplyAssign: (cst.DivideAssign,),
    cst.DivideAssign: (cst.MultiplyAssign,),
    cst.LessThan: (cst.LessThanEqual, cst.GreaterThanEqual),
    cst.LessThanEqual: (cst.LessThan, cst.GreaterThan),
    cst.GreaterThan: (cst.GreaterThanEqual, cst.LessThanEqual),
    cst.GreaterThanEqual: (cst.GreaterThan, cst.LessThan),
    cst.Equal: (cst.NotEqual,),
    cst.NotEqual: (cst.Equal,),
    cst.Is: (cst.IsNot,),
    cst.IsNot: (cst.Is,),
    cst.In: (cst.NotIn,),
    cst.NotIn: (cst.In,),
}
# Each name stands for the other: as a function, a method or a torch attribute.
TWINS = [
    ("max", "min"),
    ("amax", "amin"),
    ("argmax", "argmin"),
    ("maximum", "minimum"),
    ("sum", "mean"),
    ("any", "all"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("tril", "triu"),
    ("log", "log2"),
    ("sin", "cos"),
    ("floor", "ceil"),
    ("softmax", "log_softmax"),
    ("var", "std"),
    ("keys", "values"),
    ("startswith", "endswith"),
    ("lstrip", "rstrip"),
    ("find", "rfind"),
    ("train", "eval"),
]
OTHER = {one: other for pair in TWINS for one, other in (pair, pair[::-1])}
# The order of two arguments makes no difference; for zip it is the order of its targets that is swapped.
SYMMETRIC = {"transpose", "swapaxes", "swapdims", "maximum", "minimum", "max", "min", "add", "mul", "isclose",
             "allclose", "equal", "gcd", "logaddexp", "broadcast_shapes", "broadcast_tensors",
             "zip", "zip_longest"}  # fmt: skip


def faults(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Replacements for a node, each a fault; none for a node without a rule."""
    for kind, rule in RULES:
        if isinstance(node, kind):
            yield from rule(node)


def operators(node: Any) -> Iterator[cst.CSTNode]:
    for other in OPERATORS.get(type(node), ()):
        yield other()


def binary(node: cst.BinaryOperation | cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    """One side is forgotten: a missing term, a missing factor."""
    yield node.left
    if isinstance(node, cst.BooleanOperation):
        yield node.right


def unary(node: cst.UnaryOperation) -> Iterator[cst.CSTNode]:
    if number(node) is None:
        yield node.expression


def integer(node: cst.BaseExpression) -> Iterator[cst.CSTNode]:
    """A neighbour; for a negative number, which counts from the end, also the same from the start."""
    value = number(node)
    if value is None:
        return
    if value < 0:
        yield cst.parse_expression(str(-value))
    for near in (value + 1, value - 1):
        yield cst.parse_expression(str(near))


def floating(node: cst.Float) -> Iterator[cst.CSTNode]:
    value = float(node.value)
    for other in (0.0, 2 * value) if value else (1.0, -1.0):
        yield cst.parse_expression(repr(other))


def name(node: cst.Name) -> Iterator[cst.CSTNode]:
    other = {"True": "False", "False": "True"}.get(node.value, OTHER.get(node.value))
    if other:
        yield node.with_changes(value=other)


def string(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    """An einsum's letters in another order; any other text emptied or made another."""
    value = node.evaluated_value
    if not isinstance(value, str):
        return
    inputs, arrow, output = value.partition("->")
    if arrow:
        yield cst.parse_expression(repr(f"{inputs}->{output[::-1]}"))
        yield cst.parse_expression(repr(f"{inputs[::-1]}->{output}"))
        yield cst.parse_expression(repr(f"{inputs}->{output[:-1]}"))
    else:
        yield cst.parse_expression(repr("" if value else "x"))
        yield cst.parse_expression(repr(f"{value}x"))


def comparison(node: cst.Comparison) -> Iterator[cst.CSTNode]:
    yield cst.parse_expression("True")
    yield cst.parse_expression("False")


def conditional(node: cst.IfExp) -> Iterator[cst.CSTNode]:
    yield node.body
    yield node.orelse


def call(node: cst.Call) -> Iterator[cst.CSTNode]:
    """The call forgotten, a keyword forgotten, two arguments in the wrong order."""
    if isinstance(node.func, cst.Attribute) and not torch_like(node.func.value):
        yield node.func.value
    plain = [i for i, arg in enumerate(node.args) if arg.keyword is None and not arg.star]
    if plain:
        yield parenthesised(node.args[plain[0]].value)
    for i, arg in enumerate(node.args):
        if arg.keyword is not None or (i and not arg.star):
            yield node.with_changes(args=without(node.args, i))
    if called(node) not in SYMMETRIC:
        for i, j in pairwise(plain):
            yield node.with_changes(args=swapped(node.args, i, j))


def sequence(node: cst.Tuple | cst.List) -> Iterator[cst.CSTNode]:
    """Neighbours swapped, the last element forgotten."""
    for i in range(len(node.elements) - 1):
        yield node.with_changes(elements=swapped(node.elements, i, i + 1))
    if len(node.elements) > 2:
        yield node.with_changes(elements=node.elements[:-1])


def subscript(node: cst.Subscript) -> Iterator[cst.CSTNode]:
    yield node.value
    for i in range(len(node.slice) - 1):
        yield node.with_changes(slice=swapped(node.slice, i, i + 1))


def bounds(node: cst.Slice) -> Iterator[cst.CSTNode]:
    """A bound or the step forgotten."""
    if node.lower:
        yield node.with_changes(lower=None)
    if node.upper:
        yield node.with_changes(upper=None)
    if node.step:
        yield node.with_changes(step=None, second_colon=cst.MaybeSentinel.DEFAULT)


def returned(node: cst.Return) -> Iterator[cst.CSTNode]:
    """The sign turned round; one per cent too much, which a loose tolerance lets through."""
    if node.value:
        value = parenthesised(node.value)
        yield node.with_changes(value=cst.UnaryOperation(cst.Minus(), value))
        yield node.with_changes(value=cst.BinaryOperation(cst.Float("1.01"), cst.Multiply(), value))


def statement(node: cst.SimpleStatementLine | cst.BaseCompoundStatement) -> Iterator[cst.CSTNode]:
    """The statement forgotten."""
    line = cst.SimpleStatementLine([cst.Pass()])
    if not (isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.Pass)):
        yield line.with_changes(leading_lines=node.leading_lines)


def choice(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    """The condition turned round."""
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), parenthesised(node.test)))


def context(node: cst.With) -> Iterator[cst.CSTNode]:
    """The context forgotten, its body run all the same."""
    yield cst.If(cst.Name("True"), node.body, leading_lines=node.leading_lines)


def jump(node: cst.Break | cst.Continue) -> Iterator[cst.CSTNode]:
    yield cst.Continue() if isinstance(node, cst.Break) else cst.Break()


def generator(node: cst.CompFor) -> Iterator[cst.CSTNode]:
    if node.ifs:
        yield node.with_changes(ifs=[])


Rule = Callable[[Any], Iterator[cst.CSTNode]]
RULES: list[tuple[type[cst.CSTNode] | tuple[type[cst.CSTNode], ...], Rule]] = [
    (tuple(OPERATORS), operators),
    ((cst.BinaryOperation, cst.BooleanOperation), binary),
    (cst.UnaryOperation, unary),
    ((cst.UnaryOperation, cst.Integer), integer),
    (cst.Float, floating),
    (cst.Name, name),
    (cst.SimpleString, string),
    (cst.Comparison, comparison),
    (cst.IfExp, conditional),
    (cst.Call, call),
    ((cst.Tuple, cst.List), sequence),
    (cst.Subscript, subscript),
    (cst.Slice, bounds),
    (cst.Return, returned),
    ((cst.SimpleStatementLine, cst.BaseCompoundStatement), statement),
    ((cst.If, cst.While), choice),
    (cst.With, context),
    ((cst.Break, cst.Continue), jump),
    (cst.CompFor, generator),
]
