"""nbgrader's settings for this course, read by `autograder`, the formgrader and nbgrader's own commands.

Run nbgrader's commands in this folder; it is the course directory.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (traitlets puts it there)

c.CourseDirectory.course_id = "llm-fasttrack"
c.CourseDirectory.root = str(Path(__file__).parent)
c.CourseDirectory.release_directory = "../notebooks"

c.ClearSolutions.code_stub = {"python": "# your code here\nraise NotImplementedError"}
c.Execute.skip_cells_with_tag = "demo"
c.Execute.timeout = 120  # seconds a cell
c.Execute.extra_arguments = ["--log-level=ERROR"]
c.ClearMetadataPreprocessor.enabled = False
c.HTMLExporter.sanitize_html = True  # a learner's output must not run in an instructor's browser

# nbgrader runs `alembic` by name when it makes a gradebook: it lies beside the interpreter.
BIN = str(Path(sys.executable).parent)
if BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([BIN, os.environ.get("PATH", "")])
