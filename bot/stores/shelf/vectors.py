"""Vectors in memory, and the exact search over them.

A block holds what one search may be restricted to: the vectors of one source of one profile, or those that Chroma has
not been told of. They come from the profile's file, which profile.py reads; nothing here knows of permission or disk.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence

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
            # The first load is exact; what then grows, grows by an eighth, so that live messages seldom copy it.
            capacity = end if start == 0 else end + end // 8
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
    """The blocks in memory, of all profiles: the most recently used ones that fit. Safe to share between threads.

    A block may be dropped while a search still reads it; the search then ends on what it has.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[str, int], tuple[Block, int]] = OrderedDict()

    def get(self, profile: str, parts: Sequence[int]) -> list[Block | None]:
        found: list[Block | None] = []
        with self._lock:
            for part in parts:
                key = (profile, part)
                if (held := self._blocks.get(key)) is not None:
                    self._blocks.move_to_end(key)
                found.append(held and held[0])
        return found

    def keep(self, profile: str, part: int, block: Block) -> None:
        """Keep it, or keep it at its new size; the least recently used go. One too big for all is not kept."""
        with self._lock:
            _, before = self._blocks.pop((profile, part), (block, 0))
            size = block.size_bytes
            self._blocks[profile, part] = block, size
            self._bytes += size - before
            while self._bytes > self._max_bytes:
                _, (_, freed) = self._blocks.popitem(last=False)
                self._bytes -= freed

    def discard(self, profile: str, gone: Collection[int], *, removals: int) -> None:
        """Take rows out of the profile's blocks, which thereby have seen the removal that led to `removals`."""
        for block in self._of(profile):
            if block.removals == removals - 1:
                block.discard(gone)
                block.removals = removals

    def drop(self, profile: str) -> None:
        with self._lock:
            for key in [key for key in self._blocks if key[0] == profile]:
                _, freed = self._blocks.pop(key)
                self._bytes -= freed

    def _of(self, profile: str) -> list[Block]:
        with self._lock:
            return [block for (owner, _), (block, _) in self._blocks.items() if owner == profile]
