"""The process that holds Chroma: `python -m bot.stores.shelf.chroma_child FD` answers chroma.py over a socket.

A process of its own, because Chroma's writing holds the GIL (the event loop would stop for 50 ms a row); because a
limit on the size of files, with which a broken store can fill the disk, holds for a whole process; and because what
breaks here is replaced by starting it again. It ends when its parent does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import shutil
import sys
from collections import OrderedDict
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError

MAX_OPEN = 8  # directories; each takes 6 threads and its vectors' memory
COLLECTION = "passages"
# What Chroma's default of 100 misses near the end of a long list of the nearest is not worth the time it saves.
GRAPH: Any = {"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 200, "max_neighbors": 16}}
# A vector of 384 dimensions takes about 2 KB; what goes beyond these is a file running away.
FILE_BYTES, FILE_BYTES_PER_ROW = 128 << 20, 16 << 10


class Busy(Exception):
    """Another process has this profile's directory open."""


class Open:
    """A directory that is open, locked against other processes."""

    def __init__(self, directory: Path) -> None:
        # `Any`: Chroma's types are narrower than what it takes, and leave out `close`.
        self.collection: Any
        self._lock = os.open(directory.parent / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Not registered anywhere: telemetry off, and no embedding function that might want to download a model.
            self._client: Any = chromadb.PersistentClient(str(directory), Settings(anonymized_telemetry=False))
            self.collection = self._client.get_or_create_collection(
                COLLECTION, configuration=GRAPH, embedding_function=None
            )
        except BlockingIOError as error:
            os.close(self._lock)
            raise Busy from error
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        self._client.close()
        os.close(self._lock)


class Directories:
    """What the parent may ask for; every method is one of its requests."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, Open] = OrderedDict()

    def check(self, directory: Path, told: int, most: int, probes: Sequence[int]) -> bool:
        """Open it, and say whether it knows what it was told: `told` rows, or up to `most` if it was killed before it
        could say so; and the vectors of some of them."""
        if told == 0:
            self.drop(directory)
        directory.mkdir(parents=True, exist_ok=True)
        collection = self._collection(directory)
        if not told <= collection.count() <= most:
            return False
        if not probes:
            return True
        known = collection.get(ids=[str(row) for row in probes], include=["embeddings"])["embeddings"]
        return len(known) == len(probes) and bool(collection.query(query_embeddings=[known[0]], n_results=1)["ids"][0])

    def add(self, directory: Path, rows: Sequence[int], halves: bytes) -> None:
        collection = self._collection(directory)
        self._limit_files((rows[-1] if rows else 0) + len(rows))
        vectors = np.frombuffer(halves, dtype=np.float16).reshape(len(rows), -1).astype(np.float32)
        collection.upsert(ids=[str(row) for row in rows], embeddings=vectors)

    def nearest(self, directory: Path, vector: bytes, limit: int) -> list[tuple[int, float]]:
        query = np.frombuffer(vector, dtype=np.float32)
        found = self._collection(directory).query(query_embeddings=[query], n_results=limit, include=["distances"])
        distances = found["distances"] or [[]]
        return [(int(row), 1 - distance) for row, distance in zip(found["ids"][0], distances[0], strict=True)]

    def drop(self, directory: Path) -> None:
        """Close it and remove it. Its lock stays, for whatever is made in its place."""
        self._close(directory)
        shutil.rmtree(directory, ignore_errors=True)

    def _collection(self, directory: Path) -> Any:
        if directory not in self._open:
            if not directory.exists():  # removed since it was checked: what is to be told now was erased
                raise FileNotFoundError
            for other in [other for other in self._open if other.parent == directory.parent]:
                self._close(other)
            while len(self._open) >= MAX_OPEN:
                self._close(next(iter(self._open)))
            self._limit_files(0)
            self._open[directory] = Open(directory)
        self._open.move_to_end(directory)
        return self._open[directory].collection

    def _close(self, directory: Path) -> None:
        if (opened := self._open.pop(directory, None)) is not None:
            opened.close()

    def _limit_files(self, rows: int) -> None:
        """The limit follows the largest directory; Python ignores SIGXFSZ, so that writing beyond it is an error."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        wanted = max(soft if soft != resource.RLIM_INFINITY else 0, FILE_BYTES + rows * FILE_BYTES_PER_ROW)
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def answer(directories: Directories, request: tuple[int, str, tuple[Any, ...]]) -> tuple[int, str, Any]:
    """Do as asked. What went wrong is named by its type: a message of Chroma's may hold what it was given."""
    number, method, arguments = request
    try:
        return number, "done", getattr(directories, method)(*arguments)
    except Busy:
        return number, "busy", "open in another process"
    # Chroma raises its own errors, its Rust half bare ones, and the disk OSError; whichever, the index is rebuilt.
    except (ChromaError, OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        return number, "failed", type(error).__name__


def main() -> None:
    parent = Connection(int(sys.argv[1]))
    directories = Directories()
    parent.send("ready")
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            parent.send(answer(directories, parent.recv()))


if __name__ == "__main__":
    main()
