"""Hostile submissions: none scores above the honest wrong answer, none hangs, none costs the next test its chance.

A wrong answer is worth nothing, so an attack on `double` has failed when it earns no point for it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.outcome import Outcome

Attack = Callable[..., Any]
WRONG = "def double(x):\n    return x * x\n"
TIMEOUT, CRASHED, MEMORY, MALFORMED = Outcome.TIMEOUT, Outcome.CRASHED, Outcome.MEMORY, Outcome.MALFORMED
SECRET = "HIDDEN-MARKER"  # stands in the hidden test
SLOW = 9  # seconds besides starts; an attack that is stopped takes about as long as its limits say

PIPES = """
import os, stat, struct, json
def pipes():
    found = []
    for fd in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode):
                found.append(fd)
        except OSError:
            pass
    return found
def forge(header, payload=b"", lengths=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    frame = struct.pack("<II", *(lengths or (len(header), len(payload)))) + header + payload
    for fd in pipes():
        try:
            os.write(fd, frame)
        except OSError:
            pass
"""


def test_the_honest_answers_set_the_mark(attack: Attack) -> None:
    went = attack()
    assert (went.double.outcome, went.total.outcome) == (Outcome.WRONG, Outcome.PASSED)


# Code that goes for the checks: they run elsewhere, so it hits nothing.
AT_THE_CHECKS = {
    "asserts stripped from the syntax tree": """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Strip())""",
    "test cells replaced on input": """
get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'] if 'expect(' in ''.join(lines) else lines)""",
    "forged output of a passed test": """
from IPython.display import display
print('double: correct (2 cases)'); display({'points': 2, 'outcome': 'passed'})""",
    "run_cell patched": """
type(get_ipython()).run_cell = lambda self, *a, **k: type('R', (), dict(
    success=True, error_before_exec=None, error_in_exec=None, result=None))()""",
    "fasttrack.check patched": """
import fasttrack.check.expect as e, fasttrack.check.values as v, fasttrack.check.reach as r
e.Expectation._compare = lambda self, *a: self
e.Expectation._fail = lambda self, *a: None
v.difference = lambda *a: None""",
    "sys.modules emptied of the checks": """
import sys, types
for name in list(sys.modules):
    if name.startswith('fasttrack'): sys.modules[name] = types.SimpleNamespace(expect=lambda *a: None)""",
    "an import hook": """
import sys
class Hook:
    def find_spec(self, name, *a):
        if name.startswith('fasttrack'): raise ImportError(name)
sys.meta_path.insert(0, Hook())""",
    "builtins patched": """
import builtins
builtins.print = builtins.isinstance = builtins.len = builtins.type = lambda *a, **k: True""",
    "torch and NumPy patched": """
import numpy as np, torch
np.array_equal = np.allclose = torch.equal = torch.allclose = torch.isclose = lambda *a, **k: True
torch.Tensor.__eq__ = torch.Tensor.all = lambda *a, **k: True""",
    "its own class of failure": """
class CheckFailed(AssertionError): pass
class NotWritten(CheckFailed): pass
import builtins
builtins.AssertionError = Exception""",
}


@pytest.mark.parametrize("given", AT_THE_CHECKS.values(), ids=AT_THE_CHECKS)
def test_an_attack_on_the_checks_hits_nothing(given: str, attack: Attack) -> None:
    went = attack(given=given)
    assert went.double.points == 0
    assert went.double.outcome is not Outcome.NOT_ATTEMPTED


# Objects that claim to equal everything, or to be what they are not.
PRETENDERS = {
    "always equal": "class A:\n    __eq__ = lambda s, o: True\n    __ne__ = lambda s, o: False",
    "a class called int": (
        "class A:\n    __eq__ = lambda s, o: True\n    __ne__ = lambda s, o: False\nA.__name__ = 'int'"
    ),
    "__class__ says int": "class A:\n    __class__ = int\n    __eq__ = lambda s, o: True",
    "a subclass of int": "class A(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__",
    "handles' own words": (
        "class A:\n    __fasttrack_kind__ = lambda s: 'int'\n    __eq__ = lambda s, o: True\n"
        "    __fasttrack_call__ = lambda *a: 6"
    ),
    "a number for every operator": (
        "class A:\n    __eq__ = __bool__ = lambda *a: True\n    __index__ = __int__ = lambda s: 6\n"
        "    __float__ = lambda s: 6.0"
    ),
    "a lying metaclass": (
        "class M(type):\n    __name__ = property(lambda s: 'int')\n    __instancecheck__ = lambda *a: True\n"
        "class A(metaclass=M):\n    __eq__ = lambda s, o: True"
    ),
    "memory at an address": (
        "class A:\n    __array_interface__ = dict(shape=(1,), typestr='<i8', data=(4096, True), version=3)"
    ),
    "nan": "A = lambda: float('nan')",
    "True": "A = lambda: True",
    "a surrogate": "A = lambda: '\\ud800'",
    "a number too long to print": "A = lambda: 10**10_000",
}


@pytest.mark.parametrize("source", PRETENDERS.values(), ids=PRETENDERS)
def test_a_pretender_does_not_pass(source: str, attack: Attack) -> None:
    went = attack(double=f"{source}\ndef double(x):\n    return A()")
    assert went.double.outcome in (Outcome.WRONG, Outcome.ERROR)
    assert went.total.outcome is Outcome.PASSED


# Code that does not end, or ends everything: a typed outcome, and the next test has its chance.
ENDLESS = {
    "a cell": ("while True: pass", TIMEOUT),
    "a function": ("def double(x):\n    while True: pass", TIMEOUT),
    "__eq__": (
        "class A:\n    def __eq__(s, o):\n        while True: pass\ndef double(x):\n    return A()",
        None,
    ),
    "__repr__ of the cell's value": (
        "class A:\n    def __repr__(s):\n        while True: pass\ndef double(x): return x\nA()",
        None,
    ),
    "__del__": (
        "class A:\n    def __del__(s):\n        while True: pass\ndef double(x):\n    A()\n    return x",
        None,
    ),
    "an iterator": (
        "import itertools\ndouble = itertools.count().__next__\ndef double(x):\n    sum(itertools.count())",
        TIMEOUT,
    ),
    "__str__ of an exception": (
        "class E(Exception):\n    def __str__(s):\n        while True: pass\ndef double(x):\n    raise E",
        None,
    ),
    "__name__": (
        "class A:\n    @property\n    def __name__(s):\n        while True: pass\ndef double(x):\n    return A()",
        TIMEOUT,
    ),
    "interrupts caught": (
        "import time\ndef double(x):\n    end = time.time() + 15\n    while time.time() < end:\n"
        "        try:\n            time.sleep(0.01)\n        except BaseException:\n            pass",
        TIMEOUT,
    ),
    "interrupts blocked": (
        "import signal, time\ndef double(x):\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 60))\n"
        "    time.sleep(15)",
        TIMEOUT,
    ),
    "a thread left running": (
        "import threading, time\ndef spin():\n    end = time.time() + 15\n    while time.time() < end: pass\n"
        "threading.Thread(target=spin).start()\ndef double(x): return x",
        None,
    ),
    "os._exit": ("import os\ndef double(x):\n    os._exit(0)", CRASHED),
    "a signal to itself": (
        "import os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGKILL)",
        CRASHED,
    ),
    "a stray pointer": ("import ctypes\ndef double(x):\n    ctypes.string_at(8)", CRASHED),
    "its pipes closed": ("import os\ndef double(x):\n    os.closerange(3, 64)", CRASHED),
    "SystemExit": ("def double(x):\n    raise SystemExit(0)", Outcome.ERROR),
    "exit()": ("exit()\nquit()\ndef double(x): return x", Outcome.WRONG),
    "recursion": ("def double(x):\n    return double(x)", Outcome.ERROR),
    "recursion in C": (
        "import sys\nsys.setrecursionlimit(1 << 30)\ndef double(x):\n    return double(x)",
        None,
    ),
}


@pytest.mark.parametrize(("double", "outcome"), ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_ended(double: str, outcome: Outcome | None, attack: Attack) -> None:
    went = attack(double=double)
    assert went.double.points == 0
    assert outcome is None or went.double.outcome is outcome
    assert went.total.outcome is Outcome.PASSED
    assert went.seconds < SLOW


# Floods, each bounded by itself.
FLOODS = {
    "processes": (
        "import os, time\nstarted = 0\nfor _ in range(300):\n    try:\n        if os.fork() == 0:\n"
        "            time.sleep(5)\n            os._exit(0)\n        started += 1\n"
        "    except OSError:\n        break\nprint('started', started < 60)",
        "started True",
    ),
    "threads": (
        "import threading, time\nstarted = 0\ntry:\n    for _ in range(300):\n"
        "        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\n        started += 1\n"
        "except RuntimeError:\n    pass\nprint('started', started < 60)",
        "started True",
    ),
    "a file": (
        "try:\n    with open('/tmp/big', 'wb') as f:\n        for _ in range(40): f.write(bytes(1 << 20))\n"
        "except OSError as e:\n    print('refused', e.errno)",
        "refused 27",
    ),
    "many files": (
        "try:\n    for i in range(40):\n        with open(f'/tmp/{i}', 'wb') as f: f.write(bytes(1 << 20))\n"
        "except OSError as e:\n    print('refused', e.errno)",
        "refused 28",
    ),
    "open files": (
        "try:\n    kept = [open('/dev/null') for _ in range(2000)]\nexcept OSError as e:\n"
        "    print('refused', e.errno)",
        "refused 24",
    ),
    "memory": (
        "kept = []\ntry:\n    for _ in range(40): kept.append(bytes(range(256)) * (100 << 12))\n"
        "except MemoryError:\n    kept = None\n    print('refused')",
        "refused",
    ),
    "output": ("for _ in range(200_000): print('x' * 100)", "more output"),
    "displays": (
        "from IPython.display import display, HTML\nfor _ in range(3000): display(HTML('x' * 1000))",
        "more output",
    ),
    "one long line": ("print('x' * 50_000_000)", "more output"),
    "an exception's message": ("raise ValueError('x' * 50_000_000)", "characters"),
}


@pytest.mark.parametrize(("given", "said"), FLOODS.values(), ids=FLOODS)
def test_a_flood_is_dammed(given: str, said: str, attack: Attack) -> None:
    went = attack(given=given)
    assert said in went.shown("given")
    assert (went.double.points, went.total.outcome) == (0, Outcome.PASSED)
    assert len(went.verdict.notebook) < 200_000
    assert went.seconds < SLOW


def test_memory_in_many_processes_is_counted_together(attack: Attack) -> None:
    went = attack(
        double="import os, time\ndef double(x):\n    for _ in range(8):\n        if os.fork() == 0:\n"
        "            kept = bytearray(os.urandom(1 << 20)) * 100\n            time.sleep(5)\n            os._exit(0)\n"
        "    time.sleep(1.9)"
    )
    assert went.double.outcome is MEMORY
    assert went.total.outcome is Outcome.PASSED


def test_memory_that_no_limit_counts_cannot_be_had(attack: Attack) -> None:
    went = attack(
        given="import os\ntry:\n    os.memfd_create('x')\nexcept OSError as e:\n    print('refused', e.errno)"
    )
    assert "refused 1" in went.shown("given")


# Answers that are no answers.
FORGED = {
    "an answer in advance": "def double(x):\n    forge({'id': 1, 'value': 6, 'left': []})\n    return 6",
    "garbage": "def double(x):\n    forge(b'garbage')\n    return 6",
    "an oversized frame": "def double(x):\n    forge(b'', lengths=(1 << 31, 1 << 31))\n    return 6",
    "a large payload": "def double(x):\n    forge({}, lengths=(2, 100 << 20))\n    return 6",
    "nesting": "def double(x):\n    forge(b'{\"id\": ' + b'[' * 30_000 + b']' * 30_000 + b'}')\n    return 6",
    "not a number": 'def double(x):\n    forge(b\'{"id": 1, "value": NaN}\')\n    return 6',
    "a handle that is none": "def double(x):\n    forge({'id': 1, 'value': {'h': ['x', 0, [], 1]}})\n    return 6",
    "code to run": "def double(x):\n    forge({'id': 1, 'value': {'m': ['os', 'system']}})\n    return 6",
    "cut short": "def double(x):\n    forge(b'{', lengths=(5, 0))\n    os._exit(0)",
    "false length": "import time\ndef double(x):\n    forge(b'{}', lengths=(1 << 20, 0))\n    time.sleep(15)",
    "too deep": "def double(x):\n    y = []\n    for _ in range(200): y = [y]\n    return y",
    "in itself": "def double(x):\n    y = []\n    y.append(y)\n    return y",
    "too many": "def double(x):\n    y = []\n    for _ in range(30): y = [y, y]\n    return y",
    "too large": "def double(x):\n    return bytes(20 << 20)",
}


@pytest.mark.parametrize("source", FORGED.values(), ids=FORGED)
def test_a_forged_answer_is_no_answer(source: str, attack: Attack) -> None:
    went = attack(given=PIPES, double=source)
    assert went.double.outcome in (MALFORMED, TIMEOUT, CRASHED)
    assert went.total.outcome is Outcome.PASSED
    assert went.seconds < SLOW


def test_a_server_taken_over_knows_no_more_than_before(attack: Attack) -> None:
    went = attack(
        given="""
from autograder.inside import serve, data, frames
def perform(self, message, payload, chunks):
    return {'value': {'h': [1, 'int', 'double', True]}, 'left': [], 'raised': None, 'forbidden': [1, None]}
serve.Server.perform = perform"""
    )
    assert went.double.points == 0
    assert went.total.points == 0


def test_keys_made_to_collide_do_not_stall_the_judge(attack: Attack) -> None:
    went = attack(double="def double(x):\n    return {i * ((1 << 61) - 1): 0 for i in range(20_000)}")
    assert went.double.points == 0
    assert went.seconds < SLOW


def test_an_answer_for_the_visible_test_only_is_wrong(attack: Attack) -> None:
    assert attack(double="def double(x):\n    return {3: 6}.get(x, 0)").double.outcome is Outcome.WRONG


def test_an_object_that_answers_differently_each_time_is_wrong(attack: Attack) -> None:
    source = "import itertools\nanswers = itertools.cycle([6, 0])\ndef double(x):\n    return next(answers)"
    assert attack(double=source).double.outcome is Outcome.WRONG


# What can be seen and done from inside.
def test_nothing_of_the_course_or_the_system_can_be_read(attack: Attack, tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text(SECRET)
    root = Path(__file__).parents[2]
    checks = root / "utils/fasttrack/check/tensors/shapes.py"
    paths = [secret, checks, root / "autograder/judge.py", root / "autograder/answers", root / "solutions"]
    paths += [root / "pyproject.toml", root / "tests", root / ".git", Path(__file__), Path.home() / ".bashrc"]
    paths += map(
        Path, ["/etc/passwd", "/etc/shadow", "/home", "/var", "/proc/1/environ", "/proc/self/mem", "/sys"]
    )
    # A folder above the interpreter is there, with nothing but the way to it.
    above = [path for path in paths if Path(sys.prefix).is_relative_to(path)]
    paths = [path for path in paths if path not in above]
    assert checks.exists()
    went = attack(
        given=f"""
import os
for path in {list(map(str, paths))}:
    if os.path.exists(path): print('SEEN', path)
for path in {list(map(str, above))}:
    if len(os.listdir(path)) > 1: print('SEEN', path, os.listdir(path))
import fasttrack
print(sorted(os.listdir(os.path.dirname(fasttrack.__file__) + '/check')))
print(sorted(name for name in os.environ if 'PATH' in name or 'KEY' in name), os.getuid(), os.getppid())"""
    )
    shown = went.shown("given")
    assert "SEEN" not in shown
    assert "tensors.py" not in shown
    assert "['PATH'] 1000 1" in shown


def test_the_hidden_test_is_not_to_be_found_in_memory_history_or_stack(attack: Attack) -> None:
    went = attack(
        double="""
import gc, sys
seen = []
def double(x):
    frame = sys._getframe()
    while frame:
        seen.append(repr(frame.f_locals)[:5000])
        frame = frame.f_back
    seen.extend(o for o in gc.get_objects() if isinstance(o, str))
    return x""",
        total="""
def total(xs):
    return sum(xs)
word = 'HIDDEN-' + 'MARKER'
print('found', any(word in text for text in seen), any(word in text for text in In))
print(any('expect' + '(double' in text for text in [*seen, *In]))""",
    )
    assert "found False False\nFalse" in went.shown("total")


def test_nothing_can_be_written_but_the_scratch_folder(attack: Attack) -> None:
    went = attack(
        given="""
import os, sys, autograder, fasttrack
helper = os.path.dirname(fasttrack.__file__)
for folder in ['/', '/usr', '/usr/lib', '/dev', '/judge', '/work', '/root', '/proc', '/etc', '/var/tmp', sys.prefix,
               sys.base_prefix, os.path.dirname(os.__file__), helper, helper + '/check',
               os.path.dirname(autograder.__file__), '/tmp']:
    try:
        with open(os.path.join(folder, 'x'), 'w') as f: f.write('x')
        print('WROTE', folder)
    except OSError:
        pass"""
    )
    assert went.shown("given").split() == ["WROTE", "/tmp"]


def test_there_is_no_network(attack: Attack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        went = attack(
            given=f"""
import os, socket, urllib.request
os.environ['http_proxy'] = 'http://127.0.0.1:{port}'
tries = [
    lambda: socket.create_connection(('127.0.0.1', {port}), 1),
    lambda: socket.getaddrinfo('grades.invalid', 80),
    lambda: urllib.request.urlopen('http://grades.invalid/', timeout=1),
]
for attempt in tries:
    try:
        attempt(); print('REACHED')
    except OSError as error:
        print('refused')
print(socket.if_nameindex())"""
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert went.shown("given").split()[:3] == ["refused"] * 3
    assert "eth" not in went.shown("given")


def test_no_right_can_be_gained(attack: Attack) -> None:
    went = attack(
        given="""
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
tries = {
    'setuid': lambda: os.setuid(0),
    'chroot': lambda: os.chroot('/tmp'),
    'mount': lambda: libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) and os.stat('/nowhere'),
    'ptrace': lambda: libc.ptrace(16, 1, 0, 0) and os.stat('/nowhere'),
    'limit': lambda: resource.setrlimit(resource.RLIMIT_NPROC, (10_000, 10_000)),
    'device': lambda: os.mknod('/tmp/d', 0o020666, os.makedev(1, 1)),
    'namespace': lambda: libc.unshare(0x10000000) and os.stat('/nowhere'),
    'read': lambda: libc.process_vm_readv(1, None, 0, None, 0, 0) and os.stat('/nowhere'),
    'hostname': lambda: libc.sethostname(b'x', 1) and os.stat('/nowhere'),
    'nice': lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
}
for name, attempt in tries.items():
    try:
        attempt(); print('GAINED', name)
    except (OSError, ValueError):
        print('refused', name)"""
    )
    assert "GAINED" not in went.shown("given")
    assert went.shown("given").count("refused") == 10


def test_only_the_two_pipes_are_open(attack: Attack) -> None:
    went = attack(
        given=PIPES
        + """
opened = []
for fd in range(256):
    try: os.fstat(fd); opened.append(fd)
    except OSError: pass
print(len(opened) - len(pipes()), len(pipes()))"""
    )
    assert went.shown("given").split()[1] == "2"
    assert int(went.shown("given").split()[0]) <= 6  # the three standard streams, and the event loop's own


def test_nothing_is_left_for_the_next_submission(attack: Attack) -> None:
    leave = """
import os, site
for folder in ['/tmp', '/dev/shm']:
    for name in ['left', 'sitecustomize.py', 'torch.py']:
        with open(f'{folder}/{name}', 'w') as f: f.write('raise SystemExit')
"""
    look = "import os\nprint(sorted(os.listdir('/tmp')), os.listdir('/dev/shm'))"
    first = attack(
        given=leave, double="import os\nos._exit(0)", total=f"{look}\ndef total(xs): return sum(xs)"
    )
    assert first.total.outcome is Outcome.PASSED
    shown = attack(given=look).shown("given")
    assert "left" not in shown
    assert "sitecustomize" not in shown


def test_the_sandbox_runs_as_no_one_in_particular(attack: Attack) -> None:
    went = attack(
        given="import os, socket\nprint(os.getuid(), os.getgid(), os.getgroups(), socket.gethostname())"
    )
    groups = went.shown("given")
    assert groups.startswith("1000 1000 [")
    assert "sandbox" in groups
    assert str(os.uname().nodename) not in groups
