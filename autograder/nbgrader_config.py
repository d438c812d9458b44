"""nbgrader's settings for this course, read by `autograder`, the formgrader and nbgrader's own commands.

Run nbgrader's commands in this folder; it is the course directory.
"""

import os
import sys
from pathlib import Path

import bleach
from nbconvert.filters import markdown2html

c = get_config()  # noqa: F821  (traitlets puts it there)

c.CourseDirectory.course_id = "llm-fasttrack"
c.CourseDirectory.root = str(Path(__file__).parent)
c.CourseDirectory.release_directory = "../notebooks"

c.ClearSolutions.code_stub = {"python": "# your code here\nraise NotImplementedError"}
c.Execute.skip_cells_with_tag = "demo"
c.Execute.timeout = 120  # seconds a cell
c.Execute.extra_arguments = ["--log-level=ERROR"]
c.ClearMetadataPreprocessor.enabled = False


# Nothing of a learner's may run in somebody's browser, where it could ask the server for more points. The setting
# is for outputs and for cells that are neither code nor prose; for prose, nbgrader's templates take no notice of it.
HEADINGS = {f"h{level}" for level in range(1, 7)}
TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
TEXT = {"br", "del", "details", "div", "hr", "img", "p", "pre", "s", "span", "sub", "summary", "sup"}
ATTRIBUTES = {
    "*": ["align", "class", "id", "title"],
    "a": ["href"],
    "details": ["open"],
    "img": ["alt", "height", "src", "width"],
    "ol": ["start"],
}


def prose(text: str) -> str:
    """Markdown as HTML; what could do anything in it becomes text."""
    return bleach.clean(
        markdown2html(text), tags={*bleach.ALLOWED_TAGS, *HEADINGS, *TABLES, *TEXT}, attributes=ATTRIBUTES
    )


c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {"markdown2html": prose}

# nbgrader runs `alembic` by name when it makes a gradebook: it lies beside the interpreter.
BIN = str(Path(sys.executable).parent)
if BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([BIN, os.environ.get("PATH", "")])
