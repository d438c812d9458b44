"""The warm parent: imports what is heavy once, then forks a learner process for each request.

It never runs a learner's code. Each request comes with three descriptors (the learner's two pipes and a socket to
report to) and makes two processes, one below the other: the first has namespaces of its own, mounts over what is
shared, gives up every right and waits; the second is the learner's, and runs what a cold process runs.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from . import confine
from .main import close_others, main

LONGEST = 1 << 16  # bytes of a request
READY = b"ready"


def serve(arguments: str) -> NoReturn:
    """Fork for each request until the judge is gone. `arguments` is JSON: socket, packages, lessons, proc."""
    settings = json.loads(arguments)
    requests = socket.socket(fileno=settings["socket"])
    close_others(requests.fileno())
    for name in settings["packages"]:
        importlib.import_module(name)
    with untouched():
        for name in settings["lessons"]:
            importlib.import_module(name)
    if why := confine.shared(settings["proc"]):
        requests.send(why.encode())
        os._exit(1)
    confine.hide()
    gc.collect()
    gc.freeze()  # a collection in a child copies no page of what is here already
    confine.collapse(settings["proc"])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that are forked
    requests.send(READY)
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, LONGEST, 3)
        if not request:
            os._exit(0)
        try:
            pid = confine.fork()
        except OSError as error:
            pid = -1
            with socket.socket(fileno=os.dup(descriptors[2])) as told:
                told.send(f"{error}".encode())
        if pid == 0:
            requests.close()
            learner(json.loads(request), *descriptors)
        for fd in descriptors:
            os.close(fd)


@contextmanager
def untouched() -> Iterator[None]:
    """Take back what imports do to the environment and to the filters of warnings: not every lesson has them."""
    before = dict(os.environ)
    with warnings.catch_warnings():
        yield
    os.environ.clear()
    os.environ.update(before)


def learner(request: dict[str, Any], source: int, sink: int, report: int) -> NoReturn:
    """The learner's process, walled off. Says on `report` what kept it from starting, or its pid and its end."""
    told = socket.socket(fileno=report)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        confine.settle(request["uid"], request["proc"])
        confine.mount(request["mounts"])
        os.setsid()
        confine.give_up_rights(bytes.fromhex(request["filter"]))
        pid = os.fork()
    except OSError as error:
        told.send(f"{error}".encode())
        os._exit(1)
    if pid:
        wait(pid, told, source, sink)
    told.close()
    reseed()
    main(json.dumps(request["settings"] | {"source": source, "sink": sink}))
    os._exit(0)


def wait(pid: int, told: socket.socket, source: int, sink: int) -> NoReturn:
    """The first process of a pid namespace: collects what ends; when the learner's own ends, so does everything."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which the first process does not get
    os.close(source)
    os.close(sink)
    own = os.pidfd_open(os.getpid())
    socket.send_fds(told, [READY], [own])
    os.close(own)
    ended, status = 0, 0
    while ended != pid:
        ended, status = os.wait()
    told.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def reseed() -> None:
    """New seeds for the generators that draw one when they are imported, as a cold process imports them."""
    random.seed()
    if numpy := sys.modules.get("numpy.random"):
        numpy.seed()
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()
