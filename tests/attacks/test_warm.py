"""Attacks that only make sense on forked processes: on the parent, on a sibling, on who comes next.

That a fork is as walled off as a cold process is shown by comparing the two, from inside and from outside; that it
is alone, by what two of them see of each other and of what a hostile one left behind.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.judge.processes import descendants
from autograder.judge.sandbox import Limits
from autograder.judge.session import Session
from autograder.judge.warm import WARM

LIMITS = Limits(cpu_seconds=60, memory=1 << 30, processes=40, scratch=16 << 20, open_files=200)
SECONDS = 60


def start(warm: bool = True) -> Session:
    session = Session(LIMITS, time.monotonic() + 600, warm=warm)
    assert not session.sandbox.cold_because
    return session


def said(session: Session, source: str) -> str:
    """What a cell prints; it must not raise."""
    session.begin(SECONDS)
    outputs, error = session.run(source, 1 << 20)
    assert error is None, error
    return "".join(output.get("text", "") for output in outputs)


@pytest.fixture
def pair() -> Iterator[tuple[Session, Session]]:
    """Two learners' processes of one parent, at the same time."""
    sessions = start(), start()
    yield sessions
    for session in sessions:
        session.end()


def learner(session: Session) -> int:
    """The learner's own process, by its number outside."""
    return descendants(session.sandbox.process.pid)[-1]


# Everything about a process that a learner's code or another learner could have changed.
STATE = """
import numpy, torch
import asyncio, builtins, gc, locale, os, resource, signal, socket, sys, tempfile, threading, time, warnings
print(sorted(os.environ.items()), os.getcwd(), sys.argv, sys.path, len(sys.meta_path), sys.flags, sys.prefix)
mask = os.umask(0); os.umask(mask); print(oct(mask), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))
print([(n, str(signal.getsignal(n)).split(' at ')[0]) for n in sorted(signal.valid_signals())])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getitimer(signal.ITIMER_VIRTUAL),
      signal.getitimer(signal.ITIMER_PROF))
print([(name, resource.getrlimit(getattr(resource, name))) for name in dir(resource) if name.startswith('RLIMIT')])
print(os.getresuid(), os.getresgid(), os.getgroups(), os.getpid(), os.getppid(), os.getpgid(0), os.getsid(0))
print(threading.active_count(), sys.getrecursionlimit(), sys.getswitchinterval(), hash('x'), gc.get_threshold())
print(socket.gethostname(), socket.if_nameindex(), sorted(os.listdir('/')), sorted(os.listdir('/proc')))
print(sorted(os.listdir('/dev')), os.listdir('/dev/shm'), sorted(os.listdir('/dev/pts')), sorted(os.listdir('/tmp')))
print([(p, oct(os.stat(p).st_mode), os.statvfs(p).f_blocks * os.statvfs(p).f_bsize, os.statvfs(p).f_flag & 3)
       for p in ('/tmp', '/dev/shm', '/dev', '/')])
opened = []
for fd in range(300):
    try: opened.append((fd, oct(os.fstat(fd).st_mode)))
    except OSError: pass
print(len(opened), sorted({mode for _, mode in opened}), len(sorted(vars(builtins))), time.tzname)
print(warnings.filters, locale.getlocale(), tempfile.gettempdir(), resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
with socket.create_server(('127.0.0.1', 0)) as server:
    socket.create_connection(server.getsockname()).close(); print('loopback')
pair = os.openpty(); print([os.ttyname(fd) for fd in pair[1:]])
print(torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled(), numpy.geterr())
print(numpy.get_printoptions())
"""
OUTSIDE = ("Uid", "Gid", "Cap", "NoNewPrivs", "Seccomp", "Sig", "Shd", "Threads", "THP")


def test_a_fork_finds_what_a_cold_process_finds() -> None:
    found = []
    for warm in (False, True):
        session = start(warm)
        found.append(said(session, STATE).splitlines())
        session.end()
    assert found[0] == found[1]


def test_a_fork_has_no_more_rights_than_a_cold_process() -> None:
    found = []
    for warm in (False, True):
        session = start(warm)
        said(session, "import torch")
        status = Path(f"/proc/{learner(session)}/status").read_text().splitlines()
        found.append([line for line in status if line.startswith(OUTSIDE)])
        session.end()
    assert found[0] == found[1]
    assert "CapEff:\t0000000000000000" in found[1]


def test_two_forks_share_no_namespace_with_each_other_or_their_parent(pair: tuple[Session, Session]) -> None:
    kinds = ("user", "mnt", "pid", "ipc", "net", "uts")
    assert WARM.zygote
    above = descendants(WARM.zygote.process.pid)
    python = sys.executable.encode()
    parent = next(pid for pid in above if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(python))
    numbers = [learner(session) for session in pair] + [parent, os.getpid()]
    for kind in kinds:
        links = {str(Path(f"/proc/{number}/ns/{kind}").readlink()) for number in numbers}
        assert len(links) == len(numbers), kind


def test_a_fork_shares_no_memory_and_no_descriptor(pair: tuple[Session, Session]) -> None:
    for session in pair:
        number = learner(session)
        maps = Path(f"/proc/{number}/maps").read_text().splitlines()
        assert not [line for line in maps if "rw-s" in line]
        links = [str(path.readlink()) for path in Path(f"/proc/{number}/fd").iterdir()]
        assert sum(link.startswith("pipe:") for link in links) == 2
        assert {link.split(":")[0] for link in links} <= {"pipe", "/dev/null", "anon_inode", "socket"}
    ends = [{str(p.readlink()) for p in Path(f"/proc/{learner(s)}/fd").iterdir()} for s in pair]
    assert not {link for link in ends[0] & ends[1] if link.startswith(("pipe:", "socket:"))}


# Each prints REACHED if it gets at anything that is not its own.
REACH = {
    "proc": """
import glob, os
for name in ('/proc/1', '/proc/self', '/proc/0', '/tmp/1', '/tmp/self', '/tmp/../tmp/self', '/dev/fd/3', '/dev/stdin'):
    if os.path.exists(name): print('REACHED', name)
if glob.glob('/*/[0-9]*/mem') or glob.glob('/*/self'): print('REACHED')""",
    "what the scratch covers": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for place in (b'/tmp', b'/dev/shm', b'/dev/pts', b'/dev', b'/proc', b'/'):
    for flags in (0, 1, 2, 8):
        if libc.umount2(place, flags) == 0: print('REACHED', place)
if libc.mount(b'/', b'/tmp', None, 4096, None) == 0: print('REACHED by bind')
if libc.mount(b'proc', b'/tmp', b'proc', 0, None) == 0: print('REACHED by mount')
if libc.syscall(428, -100, b'/', 1) >= 0: print('REACHED by open_tree')
for path in ('/tmp/self/status', '/tmp/1/status', '/tmp/sys'):
    if os.path.exists(path): print('REACHED', path)""",
    "namespaces again": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x20000, 0x20000000, 0x8000000, 0x40000000, 0x10020000):
    if libc.unshare(flag) == 0: print('REACHED', hex(flag))
if libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) >= 0: print('REACHED by clone')
if libc.syscall(435, 0, 0) == 0: print('REACHED by clone3')""",
    "ptrace": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)
class Iov(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
here = Iov(ctypes.addressof(buffer), 8)
for pid in (0, 1, os.getppid(), *range(3, 400)):
    for request in (16, 0x4206):
        if libc.ptrace(request, pid, 0, 0) == 0: print('REACHED by ptrace', pid)
    there = Iov(id(os), 8)
    for call in (310, 311):
        if libc.syscall(call, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0: print('REACHED', pid)""",
    "pidfds": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in range(1, 400):
    if pid == os.getpid(): continue
    try: fd = os.pidfd_open(pid)
    except OSError: continue
    if pid != 1: print('REACHED', pid)
    for number in range(16):
        if libc.syscall(438, fd, number, 0) >= 0: print('REACHED a descriptor')
    if libc.setns(fd, 0x20000) == 0 or libc.setns(fd, 0x10000000) == 0: print('REACHED a namespace')""",
    "System V": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for key in (0, 1234):
    if libc.shmget(key, 4096, 0o1777) >= 0 or libc.semget(key, 1, 0o1777) >= 0 or libc.msgget(key, 0o1777) >= 0:
        print('REACHED', key)
if libc.memfd_create(b'x', 0) >= 0: print('REACHED memfd')""",
    "who listens": """
import os, socket
for name in os.listdir('/tmp') + os.listdir('/dev/shm'):
    if not name.startswith('.'): print('REACHED', name)
for fd in range(3, 300):
    try: peer = socket.socket(fileno=os.dup(fd))
    except OSError: continue
    try: peer.setblocking(False); print('REACHED' if peer.send(b'x') and peer.family == socket.AF_UNIX and
        peer.type == socket.SOCK_SEQPACKET else '')
    except OSError: pass""",
    "what may be raised": """
import os, resource, signal
for name in dir(resource):
    if name.startswith('RLIMIT') and resource.getrlimit(getattr(resource, name))[1] != resource.RLIM_INFINITY:
        which, (soft, hard) = getattr(resource, name), resource.getrlimit(getattr(resource, name))
        try: resource.setrlimit(which, (soft, hard + 1)); print('REACHED', name)
        except (OSError, ValueError): pass
for attempt in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.nice(-1)):
    try: attempt(); print('REACHED')
    except OSError: pass""",
}


@pytest.mark.parametrize("source", REACH.values(), ids=REACH)
def test_a_fork_reaches_neither_parent_nor_sibling(source: str, pair: tuple[Session, Session]) -> None:
    assert "REACHED" not in said(pair[0], source)
    assert said(pair[1], "print('alive')") == "alive\n"


def test_signals_reach_no_one_else(pair: tuple[Session, Session]) -> None:
    before = WARM.zygote
    sent = said(
        pair[0],
        """
import os, signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGKILL, signal.SIGSTOP):
    for pid in {1, *range(3, 600)}:
        try: os.kill(pid, number)
        except OSError: pass
print('sent')""",
    )
    assert sent == "sent\n"  # not even the first process of its own namespace has gone
    pair[0].begin(SECONDS)
    with pytest.raises(BaseException, match="signal SIGKILL"):
        pair[0].run("import os\nos.kill(0, 9)\nos.kill(-1, 9)\nos.kill(os.getpid(), 9)", 1000)
    assert said(pair[1], "print('alive')") == "alive\n"
    start().end()
    assert WARM.zygote is before


def test_what_one_writes_the_other_does_not_see(pair: tuple[Session, Session]) -> None:
    said(
        pair[0],
        """
import ctypes, os, socket
for folder in ('/tmp', '/dev/shm'):
    with open(folder + '/mark', 'w') as f: f.write('mark')
heard = socket.socket(socket.AF_UNIX); heard.bind('\\0mark'); heard.listen()
served = socket.create_server(('127.0.0.1', 4242))
queue = ctypes.CDLL(None).mq_open(b'/mark', 0o102, 0o666, None)
pty = os.openpty()
kept = os.open('/tmp', os.O_RDONLY)""",
    )
    look = """
import ctypes, os, socket
print(os.path.exists('/tmp/mark'), os.path.exists('/dev/shm/mark'), len(os.listdir('/dev/pts')))
for family, address in ((socket.AF_UNIX, '\\0mark'), (socket.AF_INET, ('127.0.0.1', 4242))):
    try: socket.socket(family).connect(address); print('REACHED')
    except OSError: print('refused')
print(ctypes.CDLL(None).mq_open(b'/mark', 2))"""
    assert said(pair[1], look).split() == ["False", "False", "1", "refused", "refused", "-1"]
    pair[0].end()
    third = start()
    assert said(third, look).split() == ["False", "False", "1", "refused", "refused", "-1"]
    third.end()


DRAWS = """
import os, random, secrets, tempfile, uuid
import numpy, torch
print(random.random()); print(numpy.random.rand()); print(numpy.random.default_rng().random())
print(torch.rand(1).item()); print(torch.initial_seed()); print(torch.rand(1, generator=torch.Generator()).item())
print(uuid.uuid4()); print(secrets.token_hex()); print(tempfile.mktemp()); print(random.SystemRandom().random())"""
FIXED = 5  # a torch.Generator of one's own starts with the same seed everywhere


def test_no_two_forks_draw_the_same_numbers(pair: tuple[Session, Session]) -> None:
    third = start()
    drawn = [said(session, DRAWS).split() for session in (*pair, third)]
    third.end()
    for at, numbers in enumerate(zip(*drawn, strict=True)):
        assert len(set(numbers)) == (1 if at == FIXED else 3), at


POISON = """
import builtins, decimal, gc, json, linecache, os, random, re, resource, signal, sys, threading, torch, types, warnings
import numpy
torch.manual_seed(1); numpy.random.seed(1); random.seed(1)
torch.set_default_dtype(torch.float64); torch.set_num_threads(4); torch.ones = torch.Tensor.__add__ = None
torch.set_grad_enabled(False); numpy.seterr(all='ignore'); numpy.set_printoptions(precision=1)
builtins.print_ = builtins.len; builtins.sorted = None; json.dumps = None; re.compile = None
sys.modules['math'] = types.ModuleType('math'); sys.modules['fasttrack'] = None; sys.path.insert(0, '/tmp')
class Hook:
    def find_spec(self, *a): raise ImportError
sys.meta_path.insert(0, Hook())
sys.setrecursionlimit(555); sys.setswitchinterval(1); gc.disable(); gc.set_threshold(1)
os.environ['LD_PRELOAD'] = '/tmp/x'; os.environ['PATH'] = '/tmp'; os.chdir('/dev/shm'); os.umask(0)
for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGCHLD): signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGALRM])
signal.setitimer(signal.ITIMER_REAL, 3600); signal.setitimer(signal.ITIMER_PROF, 3600)
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50)); os.nice(3); warnings.simplefilter('error')
sys.stdout = sys.__stdout__ = None
import autograder.inside.serve as s, autograder.inside.data as d, autograder.inside.zygote as z
s.Server.perform = d.Encoder.node = z.learner = None
for folder in ('/tmp', '/dev/shm'):
    for name in ('sitecustomize.py', 'torch.py', 'json.py'):
        with open(f'{folder}/{name}', 'w') as f: f.write('raise SystemExit')
threading.Thread(target=threading.Event().wait, daemon=True).start()
if os.fork() == 0:
    import time; time.sleep(60); os._exit(0)
"""


def test_who_comes_next_finds_everything_as_it_was() -> None:
    first = start()
    before = said(first, STATE)
    first.end()
    hostile = start()
    hostile.begin(SECONDS)
    with pytest.raises(BaseException):  # noqa: B017, PT011  (it has broken its own server)
        hostile.run(POISON, 1000)
    hostile.end()
    following = start()
    check = "import json, math, re, torch\nprint(json.dumps([1]), math.floor(1.5), torch.ones(1) + 1)"
    assert said(following, check) == "[1] 1 tensor([2.])\n"
    following.end()
    following = start()
    assert said(following, STATE) == before
    following.end()
