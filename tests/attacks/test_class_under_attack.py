"""A whole class, honest learners and attackers at once, graded in one batch.

Every attack on `double` (2 points) is written so that it would score if it worked, and is bounded by itself in
count, size and time. The honest must come out as when they are graded without attackers.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers

from autograder.build import settings
from autograder.course import Course
from autograder.grading import batch, damage, record, report, simulate, summary
from autograder.grading.store import Graded
from autograder.grading.submissions import submissions
from autograder.judge.processes import descendants
from autograder.judge.sandbox import Limits
from autograder.lesson import read
from autograder.outcome import Outcome
from tests.attacks import test_attacks as single
from tests.attacks.conftest import left_running

pytestmark = pytest.mark.xdist_group("class under attack")

MB = 1 << 20
NAME = "01_unit/01_doubling"
HERE = Path(__file__).parents[2]
WORD = f"escaped-{uuid.uuid4().hex[:12]}"  # in every file that an attack tries to leave, and in its processes
ALIVE = "document.title='live'"  # in every script that an attack tries to bring into a page
SCRIPT = (
    f'<script>{ALIVE}</script><img src=x onerror="{ALIVE}"><a href="javascript:{ALIVE}">x</a>'
    f'<iframe srcdoc="<script>{ALIVE}</script>"></iframe><svg onload="{ALIVE}"></svg>'
    f"</pre></div></style></script><script>{ALIVE}</script>"
)
PATIENCE = 900  # seconds for a batch, many times what it takes
LIMITS = Limits(
    cell_seconds=6,
    test_seconds=3,
    lesson_seconds=20,
    grace_seconds=0.5,
    cpu_seconds=30,
    memory=400 * MB,
    processes=40,
    file_size=8 * MB,
    scratch=16 * MB,
    cell_output=20_000,
    lesson_output=100_000,
    answer=8 * MB,
    restarts=2,
)
RIGHT = {"double": "def double(x):\n    return 2 * x", "quadruple": "def quadruple(x):\n    return 4 * x"}
WRONG = {"double": "def double(x):\n    return x * x", "quadruple": "def quadruple(x):\n    return x**4"}

Notebook = dict[str, Any]

# Who is honest, and what they hand in; the curious only print what they find around them.
LOOK = """
import builtins, os, sys, torch
print(sorted(os.listdir('/tmp')), os.listdir('/dev/shm'), os.getcwd(), os.getpid(), torch.get_default_dtype())
print(sorted(os.environ.items()))
print(sorted(vars(builtins)), sys.path, len(sys.meta_path), sys.getrecursionlimit())
print(sorted(name for name in sys.modules if not name.startswith(('torch', 'sympy'))))
"""
HONEST: dict[str, dict[str, str]] = {
    "right": RIGHT,
    "wrong": WRONG,
    "half": {"double": RIGHT["double"]},
    "curious": RIGHT | {"double": LOOK + RIGHT["double"]},
    "leaning": {"double": RIGHT["double"], "quadruple": "def quadruple(x):\n    return double(double(x))"},
    "failing": RIGHT | {"double": "def double(x):\n    return 2 * y"},
    "blank": {},
}

# Code of the attacks. ROOT is the course's own folder, HERE that of this repository, WORD the mark to leave.
IF_FOUND = "\ndef double(x):\n    return 2 * x if found else x * x"
PERSIST = """
import os, sys, time
def stay():
    end = time.time() + 40
    while time.time() < end:
        for folder in ['/tmp', 'ROOT/autograder', '/var/tmp']:
            try:
                with open(folder + '/WORD-late', 'w') as f: f.write('x')
            except OSError: pass
        time.sleep(0.2)
    os._exit(0)
"""
DAEMON = f"""{PERSIST}
import signal
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: stay()
    os._exit(0)
print('TRIED')
found = []"""
RUN_ON = """
import subprocess, sys
code = "import time; time.sleep(40)  # WORD"
for _ in range(3):
    subprocess.Popen([sys.executable, '-c', code], start_new_session=True)
print('TRIED')
found = []"""
READ = """
import glob, os
places = ['ROOT/solutions', 'ROOT/autograder', 'ROOT/autograder/source/01_unit/01_doubling.ipynb',
    'ROOT/autograder/answers/01_unit/01_doubling.py', 'ROOT/autograder/gradebook.db', 'ROOT/pyproject.toml',
    'HERE/autograder/answers', 'HERE/solutions', 'HERE/autograder/grading/batch.py', 'HERE/tests',
    '/proc/1/root/ROOT', '/proc/self/root/ROOT', '/proc/1/cwd/autograder', '/proc/self/cwd/../ROOT']
places += glob.glob('ROOT/autograder/submitted/*') + glob.glob('/proc/*/root/ROOT/*')
found = [place for place in places if os.path.exists(place)]
for file in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):
    try:
        with open(file, errors='replace') as f: text = f.read()
        found += [file] * any(word in text for word in ('PYTEST', 'DASK', 'distributed', 'ROOT'))
    except OSError: pass
print('FOUND', found)"""
WRITE = """
import os, sys
folders = ['/', '/usr', '/usr/lib', '/dev', '/etc', '/var/tmp', '/root', '/home', '/proc/1', '/judge', 'ROOT',
    'ROOT/autograder', 'ROOT/autograder/submitted', 'HERE', 'HERE/autograder', sys.prefix, os.path.dirname(os.__file__)]
found = []
for folder in folders:
    try:
        with open(folder + '/WORD', 'w') as f: f.write('x')
        found.append(folder)
    except OSError: pass
for folder in ('/tmp', '/dev/shm'):
    with open(folder + '/WORD', 'w') as f: f.write('x')
print('WROTE', found)"""
GRADEBOOK = """
import os, sqlite3
book = 'ROOT/autograder/gradebook.db'
found = []
for attempt in (
    lambda: open(book, 'r+b'),
    lambda: sqlite3.connect(f'file:{book}?mode=rw', uri=True).execute('update grade set manual_score = 99'),
    lambda: sqlite3.connect(f'file:{book}?mode=rw', uri=True).execute('update base_cell set max_score = 0'),
    lambda: os.rename(book, book + '.WORD'),
    lambda: os.unlink(book),
):
    try: found.append(attempt())
    except (OSError, sqlite3.Error): pass
print('TRIED')"""
LEAVE = """
import builtins, os, random, signal, sys, torch
for folder in ('/tmp', '/dev/shm'):
    for name in ('WORD', 'sitecustomize.py', 'torch.py', 'fasttrack.py', '.pythonrc.py'):
        with open(f'{folder}/{name}', 'w') as f: f.write('raise SystemExit  # WORD')
os.environ['PYTHONSTARTUP'] = os.environ['LD_PRELOAD'] = os.environ['WORD'] = '/tmp/WORD'
sys.modules['fasttrack'] = sys.modules['fasttrack.check'] = None
setattr(builtins, 'WORD', sys.path.insert(0, '/tmp'))
sys.setrecursionlimit(555)
random.seed(1); torch.manual_seed(1); torch.set_default_dtype(torch.float64)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
os.umask(0)
print('TRIED')
found = []"""
KILL = """
import os, signal
if os.getpid() < 10:  # elsewhere than in a sandbox it would be too much
    print('TRIED')
    for pid in {os.getppid(), *range(1, 60)} - {os.getpid()}:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try: os.kill(pid, number)
            except OSError: pass
found = []"""
KILL_GROUP = "import os, signal\ndef double(x):\n    os.killpg(0, signal.SIGKILL)"
KILL_ALL = "import os, signal\ndef double(x):\n    os.kill(-1 if os.getpid() < 10 else 0, 9)\n    os._exit(1)"
STARVE = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
STARVE_FUNCTION = "def double(x):\n" + "\n".join(f"    {line}" for line in STARVE.split("\n"))
PAGE = f"""
from IPython.display import HTML, Javascript, SVG, Markdown, display
evil = {SCRIPT!r}
display(HTML(evil), Javascript("{ALIVE}"), Markdown(evil))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"><script>{ALIVE}</script></svg>'))
for kind in ('text/html', 'text/latex', 'image/svg+xml', 'application/javascript', 'text/markdown',
             'application/vnd.jupyter.widget-view+json', 'image/png', 'application/json'):
    display({{kind: evil, 'text/plain': evil}}, raw=True)
print(evil, '\\x1b]8;;javascript:{ALIVE}\\x07x\\x1b]8;;\\x07')
class Named(Exception): pass
Named.__name__ = Named.__qualname__ = evil
def double(x):
    raise Named(evil)"""

CODE: dict[str, str | dict[str, str]] = {
    # The worst of those that are also tried one by one.
    **{
        f"checks-{n}": {"cell-001": text}
        for n, text in enumerate(single.AT_THE_CHECKS.values())
        if n % 3 == 0
    },
    "always-equal": single.PRETENDERS["always equal"] + "\ndef double(x):\n    return A()",
    "signals-caught": single.ENDLESS["interrupts caught"][0],
    "pointer": single.ENDLESS["a stray pointer"][0],
    "forks": {"cell-001": single.FLOODS["processes"][0]},
    "output": {"cell-001": single.FLOODS["output"][0]},
    "disk": {"cell-001": single.FLOODS["many files"][0]},
    "memory": {"cell-001": single.FLOODS["memory"][0]},
    "answer-in-advance": {"cell-001": single.PIPES, "double": single.FORGED["an answer in advance"]},
    "false-length": {"cell-001": single.PIPES, "double": single.FORGED["false length"]},
    # Those that aim beyond their own submission.
    "daemon": DAEMON + IF_FOUND,
    "runs-on": RUN_ON + IF_FOUND,
    "reads": READ + IF_FOUND,
    "writes": WRITE + IF_FOUND,
    "gradebook": GRADEBOOK + IF_FOUND,
    "leaves": LEAVE + IF_FOUND,
    "kills": KILL + IF_FOUND,
    "kills-its-group": KILL_GROUP,
    "kills-everyone": KILL_ALL,
    "starves-cell": {"cell-001": STARVE, "double": WRONG["double"]},
    "starves-test": STARVE_FUNCTION,
    "starves-everywhere": {"cell-001": STARVE, "double": STARVE_FUNCTION, "cell-003": STARVE},
    "page": PAGE,
}


def claims_points(notebook: Notebook) -> None:
    """Test cells that say they are worth 99, and one more graded cell."""
    for identity in ("test_double", "test_quadruple"):
        cell(notebook, identity)["metadata"]["nbgrader"]["points"] = 99
    extra = cell(notebook, "test_double") | {"id": "extra", "source": "99"}
    mark = extra["metadata"]["nbgrader"] | {"grade_id": "extra", "solution": True}
    notebook["cells"].append(extra | {"metadata": {"nbgrader": mark}})


def claims_another_test(notebook: Notebook) -> None:
    """The test of `double` under the id of the other test, and an answer under its own."""
    cell(notebook, "quadruple")["source"] = "double = quadruple = lambda x: x**4"
    cell(notebook, "test_double")["metadata"]["nbgrader"]["grade_id"] = "test_quadruple"
    cell(notebook, "test_double")["source"] = "expect(4, 4)"
    cell(notebook, "quadruple")["metadata"]["nbgrader"]["grade_id"] = "test_double"


def claims_to_be_another(notebook: Notebook) -> None:
    """Another learner's name, wherever a name could stand."""
    who = {"student": "01-right", "student_id": "01-right", "score": 99, "max_score": 1, "manual_score": 99}
    notebook["metadata"] |= {"nbgrader": who, "authors": [{"name": "01-right"}], "name": "01-right"}
    for one in notebook["cells"]:
        one["metadata"] = one["metadata"] | who
        one["metadata"].get("nbgrader", {}).update(who)


def claims_outputs(notebook: Notebook) -> None:
    """Outputs from home: a success, and scripts."""
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            evil = {"text/html": SCRIPT, "application/javascript": ALIVE, "text/plain": "double: correct"}
            one["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": "double: correct (2 cases)"},
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": evil},
            ]
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": SCRIPT}}
    notebook["metadata"]["title"] = notebook["metadata"]["language_info"]["name"] = SCRIPT


def brings_scripts(notebook: Notebook) -> None:
    """Prose and raw cells that a browser would run."""
    for kind, metadata in (
        ("markdown", {}),
        ("raw", {}),
        ("raw", {"raw_mimetype": "text/html"}),
        ("raw", {"format": "text/html"}),
        ("markdown", {"tags": [SCRIPT[:60]]}),
    ):
        new = {
            "cell_type": kind,
            "id": f"new{len(notebook['cells'])}",
            "metadata": metadata,
            "source": SCRIPT,
        }
        notebook["cells"].append(new)


def is_huge(notebook: Notebook) -> None:
    """30 MB of outputs and of text."""
    cell(notebook, "double")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "x" * (20 * MB)}
    ]
    notebook["cells"] += [
        {"cell_type": "markdown", "id": f"long{n}", "metadata": {}, "source": "x " * 400_000}
        for n in range(12)
    ]


CHANGED: dict[str, Callable[[Notebook], None]] = {
    "claims-points": claims_points,
    "claims-another-test": claims_another_test,
    "claims-to-be-another": claims_to_be_another,
    "claims-outputs": claims_outputs,
    "brings-scripts": brings_scripts,
    "huge": is_huge,
}

# Learners' folders with names that mean something to a shell, a browser, a spreadsheet, a database, a file system.
NAMED = {
    "formula": "=cmd()|'calc'!A1",
    "markup": f'<img src=x onerror="{ALIVE}">',
    "dots": "..01-right",
    "long": "x" * 255,
    "turned-around": "\u202e01-right",
    "spaces": " 01-right ",
    "glob": "[0]1-right",
    "star": "*",
    "braces": "{student_id}",
    "sql": "01-right'; drop table student; --",
    "two-lines": "01-right\n01-right",
    "no-text": os.fsdecode(b"01-right-\xff"),
}
NO_NAME = {"markup", "long", "two-lines", "no-text"}  # refused, and it is said so
HOSTILE = [label for label in (*CODE, *CHANGED, *NAMED) if label not in NO_NAME]
NO_FILE = (
    "directory",
    "pipe",
    "link-to-the-answers",
    "link-to-an-answer",
    "link-to-a-folder",
    "link-to-zeros",
)


def cell(notebook: Notebook, identity: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["id"] == identity)


def answered(released: Notebook, sources: dict[str, str], root: Path) -> Notebook:
    notebook: Notebook = json.loads(json.dumps(released))
    for identity, source in sources.items():
        text = source.replace("ROOT", str(root)).replace("HERE", str(HERE)).replace("WORD", WORD)
        cell(notebook, identity)["source"] = text
    return notebook


def order() -> dict[str, str]:
    """Who hands in, by label, with the honest between the attackers; the curious come last."""
    attackers, honest = [*CODE, *CHANGED], [name for name in HONEST if name != "curious"]
    labels = []
    for number, name in enumerate(attackers):
        labels += [name] if number % 5 or not honest else [honest.pop(0), name]
    labels = [*labels, *honest, "curious"]
    return {label: f"{number + 1:02}-{label}" for number, label in enumerate(labels)} | NAMED


def place(course: Course, who: str) -> Path:
    """Where a learner's notebook lies, its folder made."""
    path = simulate.folder(course) / who / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    return path


def hand_in_honestly(course: Course, released: Notebook) -> None:
    who = order()
    for label, answers in HONEST.items():
        notebook = nbformat.from_dict(answered(released, answers, course.root))
        harm = damage.saved_by_colab if label == "half" else damage.none
        place(course, who[label]).write_bytes(harm(notebook, random.Random(0)))


def attack(course: Course, released: Notebook) -> None:
    """Hand in everything that is hostile, files that are none included."""
    who = order()
    for label, code in CODE.items():
        sources = WRONG | (code if isinstance(code, dict) else {"double": code})
        place(course, who[label]).write_text(json.dumps(answered(released, sources, course.root)))
    for label, change in CHANGED.items():
        notebook = answered(released, WRONG, course.root)
        change(notebook)
        place(course, who[label]).write_text(json.dumps(notebook))
    for name in NAMED.values():
        place(course, name).write_text(json.dumps(answered(released, WRONG, course.root)))
    victim = simulate.folder(course) / who["right"] / f"{NAME}.ipynb"
    place(course, "directory").mkdir()
    os.mkfifo(place(course, "pipe"))
    place(course, "link-to-the-answers").symlink_to(course.source(NAME))
    place(course, "link-to-an-answer").symlink_to(victim)
    place(course, "link-to-zeros").symlink_to("/dev/zero")
    folder = place(course, "link-to-a-folder").parent
    folder.rmdir()
    folder.symlink_to(victim.parent)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block after so many seconds."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def files(course: Course) -> dict[str, bytes]:
    """Every file that grading has no business with, and its content."""
    made = {"source", "release", "autograded", "feedback", "gradebook.db"}
    own = [path for path in course.root.rglob("*") if path.is_file() and not path.is_symlink()]
    return {
        str(path): path.read_bytes()
        for path in own
        if not (path.is_relative_to(course.grading) and path.relative_to(course.grading).parts[0] in made)
    }


@dataclass(frozen=True)
class Class:
    """A class after grading."""

    course: Course
    done: batch.Batch
    graded: dict[str, Graded]
    scores: dict[tuple[str, str], float]
    left: list[str] = field(default_factory=list)  # processes, by what started them
    before: dict[str, bytes] = field(default_factory=dict)  # files

    def cells(self, who: str) -> dict[str, Any]:
        """The cells of an autograded notebook, by id."""
        path = self.course.grading / "autograded" / who / f"{NAME}.ipynb"
        return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}

    def shown(self, who: str, identity: str) -> str:
        outputs = self.cells(who)[identity].outputs
        return "".join(str(output.get("text", output.get("evalue"))) for output in outputs)

    def fared(self, who: str) -> Graded:
        """How a learner fared, but for how long it took."""
        one = self.graded[who]
        return replace(one, seconds=0, results=tuple(replace(result, seconds=0) for result in one.results))


def command(pid: int) -> str:
    """What started a process; that of Python's own helper, which stays, if it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode()
    except OSError:
        return "multiprocessing"


def graded(course: Course, warm: bool) -> Class:
    """Grade whatever lies there."""
    options = batch.Options(workers=2, limits=LIMITS, warm=warm)
    earlier, before = set(descendants(os.getpid())), files(course)
    with within(PATIENCE):
        done = batch.grade(course, submissions(course, [NAME]), options)
    left = [one for one in map(command, left_running(earlier)) if "multiprocessing" not in one]
    with record.opened(course) as gradebook:
        found = {one.who: one for one in gradebook.store.load()}
        return Class(course, done, found, gradebook.scores(), left, before)


@pytest.fixture(scope="module")
def released(built_once: Path) -> Notebook:
    notebook: Notebook = json.loads((Course(built_once).notebooks / f"{NAME}.ipynb").read_text())
    return notebook


@pytest.fixture(scope="module", params=[False, True], ids=["cold", "warm"])
def warm(request: pytest.FixtureRequest) -> bool:
    """Whether learners' processes are forked."""
    return bool(request.param)


@pytest.fixture(scope="module")
def peaceful(
    warm: bool, built_once: Path, released: Notebook, tmp_path_factory: pytest.TempPathFactory
) -> Class:
    """The honest learners, among themselves."""
    course = Course(tmp_path_factory.mktemp("peaceful"))
    shutil.copytree(built_once, course.root, dirs_exist_ok=True)
    hand_in_honestly(course, released)
    return graded(course, warm)


@pytest.fixture(scope="module")
def attacked(
    warm: bool, built_once: Path, released: Notebook, tmp_path_factory: pytest.TempPathFactory
) -> Class:
    """The honest learners among the attackers."""
    course = Course(tmp_path_factory.mktemp("attacked"))
    shutil.copytree(built_once, course.root, dirs_exist_ok=True)
    hand_in_honestly(course, released)
    attack(course, released)
    return graded(course, warm)


def test_there_are_at_least_forty_attacks() -> None:
    tables = [table for name, table in vars(single).items() if name.isupper() and isinstance(table, dict)]
    codes = [code for table in (*tables, CODE) for code in table.values()]
    distinct = {str(code[0] if isinstance(code, tuple) else code) for code in codes} | CHANGED.keys()
    assert len(distinct) >= 40


@pytest.mark.parametrize("label", HONEST)
def test_the_honest_fare_as_without_attackers(label: str, peaceful: Class, attacked: Class) -> None:
    who = order()[label]
    assert attacked.fared(who) == peaceful.fared(who)
    assert attacked.scores[who, NAME] == peaceful.scores[who, NAME]


def test_the_honest_have_the_scores_they_earned(attacked: Class) -> None:
    who = order()
    scores = {label: attacked.scores[who[label], NAME] for label in HONEST}
    earned = {"right": 3, "wrong": 0, "half": 2, "curious": 3, "leaning": 3, "failing": 1, "blank": 0}
    assert scores == earned


@pytest.mark.parametrize("label", HOSTILE)
def test_an_attack_is_worth_nothing(label: str, attacked: Class) -> None:
    who = order()[label]
    assert attacked.graded[who].results[0].outcome is not Outcome.NOT_ATTEMPTED
    assert attacked.graded[who].points == 0
    assert attacked.scores[who, NAME] == 0


def test_what_cannot_be_graded_is_said_of_itself_only(attacked: Class) -> None:
    lines = attacked.done.problems
    said = {label: [line for line in lines if line.startswith(f"{label} {NAME}: ")] for label in NO_FILE}
    assert {label: len(found) for label, found in said.items()} == dict.fromkeys(NO_FILE, 1)
    assert len(lines) == len(NO_FILE) + len(NO_NAME)
    assert not [line for line in lines if "\n" in line or not line.isprintable()]


def test_everyone_else_is_graded_and_nobody_twice(attacked: Class) -> None:
    wanted = {who for label, who in order().items() if label not in NO_NAME}
    assert attacked.graded.keys() == wanted
    assert attacked.done.graded == len(wanted)
    assert {who for who, _ in attacked.scores} >= wanted
    assert not attacked.done.interrupted


def test_each_takes_no_longer_than_its_limits_say(attacked: Class) -> None:
    most = LIMITS.lesson_seconds + LIMITS.start_seconds
    assert not {one.who: one.seconds for one in attacked.graded.values() if one.seconds > most}


def test_nobody_was_graded_otherwise_than_asked(attacked: Class) -> None:
    assert not attacked.done.cold


def test_no_process_is_left(attacked: Class) -> None:
    assert not attacked.left


def test_nothing_else_is_written(attacked: Class) -> None:
    assert files(attacked.course) == attacked.before
    made = {"answers", "autograded", "feedback", "gradebook.db", "release", "source", "submitted"}
    assert {path.name for path in attacked.course.grading.iterdir()} <= made
    folders = [Path(name) for name in ("/", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/lib")]
    folders += [Path.home(), Path.cwd(), HERE, HERE / "autograder", attacked.course.root]
    assert not [path for folder in folders for path in folder.iterdir() if WORD in path.name]
    assert not [path for path in attacked.course.root.rglob("*") if WORD in path.name]


def test_nothing_was_found_and_nowhere_could_be_written(attacked: Class) -> None:
    who = order()
    assert attacked.shown(who["reads"], "double") == "FOUND []\n"
    assert attacked.shown(who["writes"], "double") == "WROTE []\n"


@pytest.mark.parametrize("label", ["daemon", "runs-on", "gradebook", "leaves", "kills"])
def test_an_attack_was_made_to_its_end(label: str, attacked: Class) -> None:
    assert attacked.shown(order()[label], "double") == "TRIED\n"


def test_the_next_submission_finds_nothing_left(peaceful: Class, attacked: Class) -> None:
    who = order()["curious"]
    assert "/tmp" in attacked.shown(who, "double")
    assert attacked.shown(who, "double") == peaceful.shown(who, "double")


def test_points_are_as_the_lesson_says(attacked: Class) -> None:
    with Gradebook(f"sqlite:///{attacked.course.grading / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_notebook("01_doubling", "01_unit")
        points = {one.name: one.max_score for one in notebook.grade_cells}
        manual = [grade for grade in notebook_grades(gradebook) if grade.manual_score is not None]
    assert points == {"test_double": 2, "test_quadruple": 1}
    assert not manual


def notebook_grades(gradebook: Gradebook) -> list[Any]:
    submitted = gradebook.notebook_submissions("01_doubling", "01_unit")
    return [grade for one in submitted for grade in one.grades]


class Live(HTMLParser):
    """Where a page would run a script that holds ALIVE."""

    addresses = frozenset({"action", "data", "formaction", "href", "src", "srcdoc", "style", "xlink:href"})
    inert = ("application/", "text/x-")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.script = False
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = dict(attrs).get("type") or ""
        self.script = tag == "script" and (kind.endswith("javascript") or not kind.startswith(self.inert))
        for name, value in attrs:
            if ALIVE in (value or "") and (name.startswith("on") or name in self.addresses):
                self.found.append(f"<{tag} {name}={value!r}")

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, data: str) -> None:
        if self.script and ALIVE in data:
            self.found.append(data[:200])


def test_a_live_script_would_be_noticed() -> None:
    assert len(Live(SCRIPT).found) == 6
    assert not Live(SCRIPT.replace("<", "&lt;")).found


PAGES = ["right", "page", "claims-outputs", "brings-scripts", "formula"]


@pytest.mark.parametrize("label", PAGES)
def test_no_script_of_a_learner_is_live_in_feedback(label: str, attacked: Class) -> None:
    page = attacked.course.grading / "feedback" / order()[label] / f"{NAME}.html"
    text = page.read_text()
    assert "<h1" in text
    assert not Live(text).found


@pytest.mark.parametrize("label", PAGES)
def test_no_script_of_a_learner_is_live_in_the_formgrader(label: str, attacked: Class) -> None:
    config = settings(attacked.course.grading)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    who = order()[label]
    path = attacked.course.grading / "autograded" / who / f"{NAME}.ipynb"
    given = {"student": who, "index": 0, "total": 1, "base_url": "", "notebook_id": "01_doubling"}
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=given)
    assert "def double" in re.sub("<[^>]*>", "", page)
    assert not Live(page).found


def test_every_learner_has_feedback_of_their_own(attacked: Class) -> None:
    pages = (attacked.course.grading / "feedback").glob(f"*/{NAME}.html")
    wanted = {who for label, who in order().items() if label not in NO_NAME}
    assert {page.parts[-3] for page in pages} >= wanted


def test_the_report_and_the_tables_hold_everyone_and_no_live_script(attacked: Class) -> None:
    everyone = list(attacked.graded.values())
    lesson = read(attacked.course.source(NAME), NAME)
    page = report.render(everyone, [lesson], sandbox=True, problems=attacked.done.problems)
    assert not Live(page).found
    page.encode()
    rows = list(csv.reader(summary.grades_csv(everyone, attacked.scores).splitlines()))
    assert len(rows) == 1 + len(everyone)
    assert not [row for row in rows if row[0].startswith(("=", "+", "-", "@"))]


def test_grading_again_skips_them_all(attacked: Class) -> None:
    again = batch.grade(
        attacked.course,
        [one for one in submissions(attacked.course, [NAME]) if one.who in attacked.graded],
        batch.Options(limits=LIMITS),
    )
    assert again == batch.Batch(skipped=len(attacked.graded))
