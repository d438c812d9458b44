"""What happens to notebooks on their way to the grader, done on purpose: for simulated classes and tests.

Each harm takes a notebook and a source of chance, and gives the bytes of the file that arrives. None of them
takes away an answer, so the true score stays.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable

from nbformat import NotebookNode

from autograder.notebook import text_of

Harm = Callable[[NotebookNode, random.Random], bytes]


def none(notebook: NotebookNode, rng: random.Random) -> bytes:
    """The file as JupyterLab saves it."""
    return text_of(notebook).encode()


def saved_by_colab(notebook: NotebookNode, rng: random.Random) -> bytes:
    """nbformat_minor 0, ids inside the metadata, Colab's own metadata, and where a cell shows nothing, an output."""
    colab = copy.deepcopy(notebook)
    colab.nbformat_minor = 0
    colab.metadata["colab"] = {"provenance": [], "toc_visible": True}
    for cell in colab.cells:
        cell.metadata["id"] = cell.pop("id")
        if cell.cell_type == "code":
            user = {"displayName": "Ada L", "userId": f"{rng.getrandbits(64):020}"}
            cell.metadata["executionInfo"] = {
                "status": "ok",
                "timestamp": 1_767_225_600_000 + rng.randrange(10**9),
                "user_tz": -60,
                "elapsed": 12,
                "user": user,
            }
            cell.metadata["colab"] = {"base_uri": "https://localhost:8080/", "height": 35}
            cell.metadata["outputId"] = f"{rng.getrandbits(64):08x}-{rng.getrandbits(32):08x}"
            cell.outputs = cell.outputs or [{"output_type": "stream", "name": "stdout", "text": ["done\n"]}]
            for output in cell.outputs:
                if output["output_type"] == "stream":
                    output["text"] = "".join(output["text"]).splitlines(keepends=True)
    return json.dumps(colab, indent=2, ensure_ascii=False).encode()


def saved_by_windows_editor(notebook: NotebookNode, rng: random.Random) -> bytes:
    """A byte-order mark, and CRLF line endings."""
    return b"\xef\xbb\xbf" + text_of(notebook).replace("\n", "\r\n").encode()


def lost_metadata(notebook: NotebookNode, rng: random.Random) -> bytes:
    """No cell has metadata or an id any more, as after a conversion through a script."""
    bare = copy.deepcopy(notebook)
    bare.nbformat_minor = 4
    for cell in bare.cells:
        del cell["id"]
        cell.metadata = {}
    return json.dumps(bare).encode()


def copied_test(notebook: NotebookNode, rng: random.Random) -> bytes:
    """A test cell copied, metadata and all, to the end."""
    marred = copy.deepcopy(notebook)
    marred.cells.append(copy.deepcopy(rng.choice(graded(marred))))
    return json.dumps(marred).encode()


def deleted_test(notebook: NotebookNode, rng: random.Random) -> bytes:
    """One test cell is gone."""
    marred = copy.deepcopy(notebook)
    marred.cells.remove(rng.choice(graded(marred)))
    return text_of(marred).encode()


def edited_test(notebook: NotebookNode, rng: random.Random) -> bytes:
    """One test cell is emptied of its check."""
    marred = copy.deepcopy(notebook)
    rng.choice(graded(marred)).source = "pass"
    return text_of(marred).encode()


def graded(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


HARMS: tuple[Harm, ...] = (
    none,
    saved_by_colab,
    saved_by_windows_editor,
    lost_metadata,
    copied_test,
    deleted_test,
    edited_test,
)
