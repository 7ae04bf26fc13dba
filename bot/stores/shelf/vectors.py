"""Vectors in memory, and the exact search over them.

A block holds what one search may be restricted to: the vectors of one source of one profile, or those that Chroma has
not been told of. They come from the profile's file, which profile.py reads; nothing here knows of permission or disk.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Row = tuple[int, str, bytes]
"""A passage's row number, its id, and its vector in half precision."""

NAME_BYTES = 120  # what a passage's id and row number take in memory beside the vector, about


def halves(vectors: Sequence[Sequence[float]]) -> list[bytes]:
    """Vectors as they are kept: half precision moves a cosine by less than 0.001. Raises ValueError unless finite."""
    matrix = np.asarray(vectors, dtype=np.float32).astype(np.float16)
    if not np.isfinite(matrix).all():
        raise ValueError("a vector has a number that is not finite")
    return [row.tobytes() for row in matrix]


def floats(kept: Sequence[bytes], dimensions: int) -> Floats:
    """The other way round: one row for each, ready to be multiplied."""
    return np.frombuffer(b"".join(kept), dtype=np.float16).reshape(len(kept), dimensions).astype(np.float32)


class Block:
    """Vectors in one matrix, in no order. Rows that go are overwritten by the last.

    It has what came after row `after`, up to row `newest`. `removals` is the profile's count of removals that it has
    seen; with another count it is out of date.
    """

    def __init__(self, dimensions: int, removals: int, after: int) -> None:
        self.dimensions, self.removals, self.after = dimensions, removals, after
        self.newest = after
        self._rows = np.empty(0, dtype=np.int64)
        self._names: list[str] = []
        self._matrix: Floats = np.empty((0, dimensions), dtype=np.float32)

    def fill(self, rows: Sequence[Row], matrix: Floats) -> None:
        """Take these for all that it has; `matrix`, their vectors, may be a part of a larger one."""
        self._rows = np.array([row for row, _, _ in rows], dtype=np.int64)
        self._names = [name for _, name, _ in rows]
        self._matrix = matrix

    def __len__(self) -> int:
        return len(self._names)

    @property
    def size_bytes(self) -> int:
        return self._matrix.nbytes + len(self) * NAME_BYTES

    def extend(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        start, end = len(self), len(self) + len(rows)
        if end > len(self._matrix):
            capacity = end + end // 8  # so that live messages seldom copy it
            matrix = np.empty((capacity, self.dimensions), dtype=np.float32)
            matrix[:start] = self._matrix[:start]
            self._matrix = matrix
            self._rows = np.concatenate([self._rows[:start], np.zeros(capacity - start, dtype=np.int64)])
        self._matrix[start:end] = floats([kept for _, _, kept in rows], self.dimensions)
        self._rows[start:end] = [row for row, _, _ in rows]
        self._names += [name for _, name, _ in rows]

    def discard(self, gone: Collection[int]) -> None:
        """Forget these rows, where they are here; nothing of them stays in memory."""
        for at in sorted(np.flatnonzero(np.isin(self._rows[: len(self)], list(gone))).tolist(), reverse=True):
            last = len(self) - 1
            self._matrix[at], self._rows[at], self._names[at] = self._matrix[last], self._rows[last], self._names[last]
            self._matrix[last] = 0
            self._names.pop()

    def cosines(self, vector: Floats, *, into: Floats) -> None:
        """One for each row, into an array of that length. `dot`, since `@` costs twice as much where rows are few."""
        np.dot(self._matrix[: len(self._names)], vector, out=into)

    def name(self, at: int) -> str:
        return self._names[at]


def nearest(blocks: Sequence[Block], vector: Floats, limit: int) -> list[tuple[float, str]]:
    """Cosine and id of the `limit` best of all these blocks, in no order."""
    if not blocks:
        return []
    starts = np.cumsum([0, *map(len, blocks)])
    cosines = np.empty(starts[-1], dtype=np.float32)
    for block, start, end in zip(blocks, starts.tolist(), starts[1:].tolist(), strict=False):
        block.cosines(vector, into=cosines[start:end])
    best = np.argpartition(cosines, len(cosines) - limit)[-limit:] if len(cosines) > limit else np.arange(len(cosines))
    places = np.searchsorted(starts, best, side="right") - 1
    return [
        (cosine, blocks[place].name(at))
        for cosine, place, at in zip(
            cosines[best].tolist(), places.tolist(), (best - starts[places]).tolist(), strict=True
        )
    ]


class Blocks:
    """The blocks in memory, by profile and part: those of the most recently used profiles, as far as they fit.

    They go by whole profiles, for the blocks of one share their memory. They may go while a search still reads them; it
    then ends on what it has.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._blocks: OrderedDict[str, dict[int, Block]] = OrderedDict()
        self._bytes: dict[str, int] = {}

    def of(self, profile: str) -> Mapping[int, Block]:
        with self._lock:
            if profile not in self._blocks:
                return {}
            self._blocks.move_to_end(profile)
            return self._blocks[profile]

    def keep(self, profile: str, blocks: Mapping[int, Block]) -> None:
        """Keep these beside what is there, at the size they have now; a profile too big for all is not kept."""
        with self._lock:
            kept = self._blocks.setdefault(profile, {})
            kept.update(blocks)
            self._bytes[profile] = sum(block.size_bytes for block in kept.values())
            while sum(self._bytes.values()) > self._max_bytes:
                gone, _ = self._blocks.popitem(last=False)
                del self._bytes[gone]

    def discard(self, profile: str, gone: Collection[int], *, removals: int) -> None:
        """Take rows out of the profile's blocks, which thereby have seen the removal that led to `removals`."""
        for block in self.of(profile).values():
            if block.removals == removals - 1:
                block.discard(gone)
                block.removals = removals

    def drop(self, profile: str) -> None:
        with self._lock:
            self._blocks.pop(profile, None)
            self._bytes.pop(profile, None)
