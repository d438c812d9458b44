"""The warm parent: imports what is heavy once, then forks a learner process for each request.

It never runs a learner's code. Each request comes with three descriptors (the learner's two pipes and a socket to
report to) and makes three processes, one below the other: the first takes namespaces of its own and mounts over what
is shared; the second is the first of its pid namespace, gives up every right and waits; the third is the learner's,
and runs what a cold process runs.
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
from typing import Any, NoReturn

from . import confine
from .main import close_others, main

LONGEST = 1 << 16  # bytes of a request
READY = b"ready"


def serve(arguments: str) -> NoReturn:
    """Fork for each request until the judge is gone. `arguments` is JSON: socket, packages, proc."""
    settings = json.loads(arguments)
    requests = socket.socket(fileno=settings["socket"])
    close_others(requests.fileno())
    for name in settings["packages"]:
        importlib.import_module(name)
    if why := confine.shared(settings["proc"]):
        requests.send(why.encode())
        os._exit(1)
    confine.hide()
    gc.collect()
    gc.freeze()  # a collection in a child copies no page of what is here already
    requests.send(READY)
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, LONGEST, 3)
        if not request:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            learner(json.loads(request), *descriptors)
        for fd in descriptors:
            os.close(fd)
        os.wait()  # the first of the three, which is done once it has forked


def learner(request: dict[str, Any], source: int, sink: int, report: int) -> NoReturn:
    """The learner's process, walled off. Says on `report` what kept it from starting, or its pid and its end."""
    told = socket.socket(fileno=report)
    try:
        confine.unshare(request["uid"], request["proc"])
        confine.mount(request["mounts"])
        if os.fork():
            os._exit(0)
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
