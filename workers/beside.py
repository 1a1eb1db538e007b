"""The workers of an embedded site in a process of their own, beside the one that answers HTTP.

Two interpreters instead of one: what seals, examines and publishes takes no turn from what receives.

Rules:
1. The service forks a keeper before it has opened anything or started a thread; the keeper forks the worker
   process, and another one when that has died. Nothing of the site is open when either forks.
2. A pipe is the bell: a byte wakes the workers, whatever it says, and a ring into a full pipe is one too
   many. A ring that is lost loses no work: there is a sweep. What the service wants stands in memory that all
   of them share.
3. Nobody survives the service: the kernel kills the keeper with it, the workers with the keeper (prctl(2),
   PR_SET_PDEATHSIG). Until then each holds the site's lock, which it was forked with: no other service begins
   before the last of them is gone.
4. Signals to the whole group (Ctrl-C, a stop by systemd) are the service's to answer. It tells the workers
   when it has answered what it was asked, and waits for the work in hand.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import mmap
import os
import signal
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from evidence.bootstrap import Application, build
from evidence.errors import EvidenceError, Unavailable
from evidence.service.jobs import JobName
from evidence.service.watching import LOOK_EVERY_S
from storage.errors import StorageError
from workers import embedded
from workers.rounds import every

log = logging.getLogger("evidence.workers")

BEAT_S = 1.0
SILENT_S = 30.0  # so long without a beat, and somebody must see to it
REST_S = 0.05  # after a ring: of many that come at once one wakes as well as all
AGAIN_S = 2.0  # from the end of a worker process to the next one
_WAITS, _GOES, _STOPS = range(3)
_DIE_WITH_PARENT = 1  # prctl(2), PR_SET_PDEATHSIG
_SHARED = struct.Struct("=qqd")  # what the service wants; the worker's process; its last beat, monotonic


class Beside:
    """The worker process, as the service has it. See evidence.web.app.Workers."""

    def __init__(self, data: Path) -> None:
        """Fork the keeper; the workers wait for `begin`. The process has no thread but this one."""
        if threading.active_count() > 1:
            raise RuntimeError("a process with threads does not fork")
        self._data, self._shared = data, mmap.mmap(-1, _SHARED.size)
        self._heard, self._rung = os.pipe()
        os.set_blocking(self._rung, False)
        self._say(_WAITS, 0, time.monotonic())
        self._stopping, self._threads = threading.Event(), list[threading.Thread]()
        service = os.getpid()
        gc.freeze()  # what is never looked through is never copied for those who share it
        self._keeper = os.fork()
        if not self._keeper:
            self._keep(service)
        os.close(self._heard)

    @property
    def pid(self) -> int:
        """The worker process that runs now, or did last."""
        return self._told()[1]

    def ring(self, *_names: JobName) -> None:
        """See service.ports.JobBell."""
        with suppress(BlockingIOError, BrokenPipeError):  # full: who wakes will look; broken: the sweep will
            os.write(self._rung, b".")

    def begin(self, application: Application) -> None:
        """Let the workers begin. What this process works by is watched here, where its start was logged."""
        self._threads = [
            every(LOOK_EVERY_S, application.watching.look, self._stopping, "watching", LOOK_EVERY_S)
        ]
        for thread in self._threads:
            thread.start()
        self._beat()
        self._want(_GOES)

    def stop(self) -> None:
        """Let the workers end, and wait for the work in hand."""
        self._stopping.set()
        self._want(_STOPS)
        with suppress(ChildProcessError):
            os.waitpid(self._keeper, 0)
        for thread in self._threads:
            thread.join(timeout=10)

    def verify_alive(self) -> None:
        """Raises: Unavailable("workers-silent")."""
        silent = time.monotonic() - self._told()[2]
        if silent > SILENT_S:
            raise Unavailable("workers-silent", seconds=int(silent))

    def _told(self) -> tuple[int, int, float]:
        wants, worker, beat = _SHARED.unpack_from(self._shared)
        return wants, worker, beat

    def _say(self, wants: int, worker: int, beat: float) -> None:
        _SHARED.pack_into(self._shared, 0, wants, worker, beat)

    def _want(self, what: int) -> None:
        struct.pack_into("=q", self._shared, 0, what)
        self.ring()

    def _beat(self) -> None:
        struct.pack_into("=d", self._shared, 16, time.monotonic())

    def _keep(self, service: int) -> NoReturn:
        """Have a worker process run until the service wants none."""
        try:
            _follow(service)
            os.close(self._rung)
            keeper = os.getpid()
            while True:
                worker = os.fork()
                if not worker:
                    self._work(keeper)
                _, status = os.waitpid(worker, 0)
                if self._told()[0] == _STOPS:
                    os._exit(0)
                log.error("the workers' process has ended (%d); another begins", status)
                time.sleep(AGAIN_S)
        except BaseException:
            log.exception("the workers' keeper failed")
        os._exit(1)

    def _work(self, keeper: int) -> NoReturn:
        """Be the workers."""
        code = 1
        try:
            _follow(keeper)
            struct.pack_into("=q", self._shared, 8, os.getpid())
            self._serve()
            code = 0
        except (EvidenceError, StorageError, OSError) as problem:  # passes, or a person must act
            log.error("the workers cannot begin; they will try again: %s", problem)  # noqa: TRY400
        except BaseException:
            log.exception("the workers' process failed")
        os._exit(code)

    def _serve(self) -> None:
        while self._told()[0] == _WAITS:
            self._listen()
        if self._told()[0] == _STOPS:
            return
        application = build(self._data)
        gc.freeze()  # what stays for good is not looked through again after every few jobs
        beating = threading.Event()
        every(BEAT_S, self._beat, beating, "beat").start()
        stop = embedded.start(application)
        while self._told()[0] != _STOPS:
            self._listen()
            application.site.bell.ring(JobName.SEAL)
            time.sleep(REST_S)
        stop()

    def _listen(self) -> None:
        if not os.read(self._heard, 4096):
            os._exit(1)  # nobody is there who could ring


def _leave(_signal: int, _frame: object) -> None:
    """Do nothing: the service does."""


def _follow(parent: int) -> None:
    """Leave signals to the group to the service, and die with the process that forked this one."""
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(which, _leave)  # not SIG_IGN, which the programs that are started would have too
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
