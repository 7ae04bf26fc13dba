"""Chroma as seen from the app: a child process that is asked, waited for, and replaced when it fails.

Nobody depends on an answer: whatever goes wrong is a `Trouble`, and the search is exact instead. Which directory holds
what, and when to rebuild it, is indexer.py's business.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bot.stores.shelf.vectors import Floats

START_S = 60.0  # to import chromadb on a slow disk
WORK_S = 60.0  # to open, check or write; beyond, the store is broken and may be filling the disk
TURN_S = 0.1  # for a search to get its turn, while a batch is being written
ANSWER_S = 0.2  # and then to be answered: the exact scan that is made instead takes no longer

_ROOT = Path(__file__).parents[3]


class Trouble(Exception):
    """Chroma cannot do it now. `busy`: another process has the directory; else it failed, and how is in the text."""

    def __init__(self, what: str, *, busy: bool = False) -> None:
        self.busy = busy
        super().__init__(what)


class Chroma:
    """The child process, and one request at a time. What is asked of it before `start` is Trouble."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._child: Connection | None = None
        self._requests = 0
        self._interrupted = False

    def start(self) -> None:
        """Start it, unless it runs. Takes seconds: it imports chromadb. Raises Trouble, as all of these do."""
        with self._lock:
            if self._child is None:
                try:
                    self._child = self._start()
                except (OSError, EOFError) as error:
                    self._stop()
                    raise Trouble("it does not start") from error

    def interrupt(self) -> None:
        """Have a start fail that is under way or yet to come, so that closing the app does not wait for it."""
        self._interrupted = True
        process = self._process
        if process is not None and self._child is None:
            process.kill()

    def check(self, directory: Path, told: int, most: int, probes: Sequence[int]) -> bool:
        """Whether the directory, opened or made, knows what it was told."""
        return bool(self._ask("check", directory, told, most, list(probes)))

    def add(self, directory: Path, rows: Sequence[int], halves: bytes) -> None:
        """Tell it vectors in half precision, one after the other; told twice is told once. Durable on return."""
        self._ask("add", directory, list(rows), halves)

    def nearest(self, directory: Path, vector: Floats, limit: int) -> Sequence[tuple[int, float]]:
        """Row numbers and cosines, best first."""
        found: Sequence[tuple[int, float]] = self._ask("nearest", directory, vector.tobytes(), limit, wait_s=ANSWER_S)
        return found

    def drop(self, directory: Path) -> None:
        """Close the directory and remove it."""
        self._ask("drop", directory)

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _ask(self, method: str, *arguments: Any, wait_s: float = WORK_S) -> Any:
        if not self._lock.acquire(timeout=TURN_S if wait_s == ANSWER_S else wait_s):
            raise Trouble("busy with another request", busy=True)
        try:
            if self._child is None:
                raise Trouble("not running")
            kind, value = self._exchange(self._child, (method, arguments), wait_s)
        except (OSError, EOFError) as error:
            self._stop()
            raise Trouble(f"ended at {method}") from error
        finally:
            self._lock.release()
        if kind != "done":
            raise Trouble(f"{method}: {value}", busy=kind == "busy")
        return value

    def _exchange(self, child: Connection, request: tuple[str, Any], wait_s: float) -> tuple[str, Any]:
        """Ask and wait. An answer that nobody waited for is read with the next one, and left aside."""
        self._requests += 1
        child.send((self._requests, *request))
        while child.poll(wait_s):
            number, kind, value = child.recv()
            if number == self._requests:
                return kind, value
        if wait_s < WORK_S:
            return "busy", "slow to answer"
        self._stop()
        raise TimeoutError

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        # It needs none of our settings, some of which are secrets; it does need to find this package.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BYLINE_")}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), environment.get("PYTHONPATH")]))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-P", "-m", "bot.stores.shelf.chroma_child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # Chroma may print what it was given
                start_new_session=True,  # Ctrl-C is for the app, which then closes this
            )
        if self._interrupted:
            self._process.kill()
        child = Connection(ours.detach())
        try:
            if not child.poll(START_S) or child.recv() != "ready":
                raise TimeoutError
        except BaseException:
            child.close()
            raise
        return child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None
        if self._process is not None:
            try:
                # Between requests it ends by itself when the socket closes; in the midst of one it does not.
                self._process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
