"""Outputs of cells, as the learner's process sends them, made into what a notebook may hold."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.inside.outputs import CUT, MIMES

ITEMS = 1000  # outputs of one cell
SLACK = 4  # times the limit: an honest process keeps to the limit up to its bookkeeping


def notebook_outputs(shown: Any, count: int, limit: int) -> list[NotebookNode]:
    """The outputs of a cell; whatever has not the form of one is left out, and everything past the limit."""
    outputs: list[NotebookNode] = []
    size = 0
    for item in (shown if isinstance(shown, list) else [])[:ITEMS]:
        output = one(item, count) if isinstance(item, dict) else None
        if output is None:
            continue
        size += len(str(output))
        if size > SLACK * limit:
            return [*outputs, new_output("stream", name="stderr", text=CUT)]
        outputs.append(output)
    return outputs


def one(item: dict[Any, Any], count: int) -> NotebookNode | None:
    """One output, or None."""
    match item:
        case {"output_type": "stream", "name": "stdout" | "stderr" as name, "text": str(text)}:
            return new_output("stream", name=name, text=text)
        case {"output_type": "execute_result" | "display_data" as kind, "data": dict(data)}:
            forms = {mime: data[mime] for mime in MIMES if isinstance(data.get(mime), str)}
            extra = {"execution_count": count} if kind == "execute_result" else {}
            return new_output(kind, data=forms, **extra)
        case {"output_type": "error", "ename": str(name), "evalue": str(value), "traceback": list(lines)}:
            shown = [line for line in lines if isinstance(line, str)]
            return new_output("error", ename=name, evalue=value, traceback=shown)
    return None


def error_output(name: str, message: str) -> NotebookNode:
    """What the judge itself has to say, as an error's output."""
    return new_output("error", ename=name, evalue=message, traceback=message.splitlines())
