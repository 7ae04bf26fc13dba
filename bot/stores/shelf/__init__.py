"""The shelf: where passages are kept, one encrypted file a profile.

    keys/PROFILE.key               the profile's key; destroying it makes all the rest unreadable
    profiles/PROFILE/words.db      SQLCipher: passages, words, vectors: the truth (file.py, rows.py, profile.py)
    profiles/PROFILE/chroma/N/     Chroma: the vectors again, to search large profiles (chroma.py, indexer.py)

PROFILE is a hash of the colleague's id. This module fills the port: it goes over the profiles, in threads of its own.
Which of them are open is in profiles.py, how one is searched in words.py and near.py.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numpy as np

from bot.core.passages import Passage
from bot.core.people import PersonId, SourceId
from bot.core.rank import Match, Matches, Near
from bot.ports import Shelved, Vector, Within
from bot.stores.shelf import file
from bot.stores.shelf.indexer import Indexer
from bot.stores.shelf.profile import Profile
from bot.stores.shelf.profiles import Profiles

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4

CHROMA_FROM = 50_000
"""Vectors in a profile from which unrestricted searches go to Chroma. By tests/bench/shelf.py, with 384 dimensions, the
exact scan takes less than half of Chroma's time at 10,000 and more than twice at 100,000; and it misses nothing."""


class DiskShelf:
    """The Shelf on a disk; see `bot.ports.Shelf`. Several processes may use one data directory.

    `embedder` is the id of whatever makes the vectors: those of another are kept but not searched. `max_open` profiles
    are open at once, and `vector_bytes` of vectors in memory; the most recently used stay. A search in a profile whose
    vectors exceed that reads them from the disk each time, unless it is one for Chroma.
    """

    def __init__(
        self,
        data: Path,
        *,
        embedder: str,
        max_open: int = 256,
        vector_bytes: int = 256 << 20,
        chroma_from: int = CHROMA_FROM,
        unlock: file.Unlock = file.unlock,
    ) -> None:
        self._profiles = Profiles(data, embedder=embedder, max_open=max_open, vector_bytes=vector_bytes, unlock=unlock)
        self._chroma_from = chroma_from
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="shelf")
        self._index = Indexer(self._profiles, embedder=embedder, chroma_from=chroma_from)

    # ── what the Shelf promises; see there ───────────────────────────────────────────────────────────────────────────

    async def put(self, colleague: PersonId, shelved: Sequence[Shelved]) -> int:
        """See Shelf. A passage with a message that was struck is left out whole: its terms and vector are of all its
        words. Raises ValueError, and puts nothing, if a passage is not by the colleague."""
        return await self._in_thread(self._put, colleague, shelved)

    async def cut_into(self, colleague: PersonId, messages: Collection[str]) -> Mapping[str, frozenset[str]]:
        return await self._with(colleague, {}, lambda profile: profile.cut_into(messages))

    async def struck(self, colleague: PersonId, messages: Collection[str]) -> frozenset[str]:
        """Those of these messages that were struck: to be left out before passages are cut."""
        return await self._with(colleague, frozenset(), lambda profile: profile.struck(messages))

    async def vocabulary(self, colleague: PersonId, terms: Collection[str]) -> frozenset[str]:
        return await self._with(colleague, frozenset(), lambda profile: profile.vocabulary(terms))

    async def nearest(self, vector: Vector, within: Within, *, limit: int) -> Sequence[Near]:
        return await self._in_thread(self._nearest, vector, within, limit)

    async def matching(self, terms: Sequence[str], within: Within, *, limit: int) -> Matches:
        """See Shelf. The figures are of all passages of the profiles searched, allowed or not: how rare a word is does
        not depend on who asks."""
        return await self._in_thread(self._matching, terms, within, limit)

    async def read(self, wanted: Mapping[PersonId, Collection[str]]) -> Sequence[Passage]:
        return await self._in_thread(self._read, wanted)

    async def browse(self, colleague: PersonId, *, sources: Collection[SourceId]) -> Sequence[Passage]:
        return await self._with(colleague, (), lambda profile: profile.browse(sources))

    async def strike(self, colleague: PersonId, passages: Collection[str]) -> int:
        return await self._in_thread(self._erase_some, colleague, lambda profile: profile.strike(passages))

    async def erase_messages(self, colleague: PersonId, messages: Collection[str]) -> int:
        return await self._in_thread(self._erase_some, colleague, lambda profile: profile.erase_messages(messages))

    async def erase_source(self, colleague: PersonId, source: SourceId) -> int:
        return await self._in_thread(self._erase_some, colleague, lambda profile: profile.erase_source(source))

    async def erase(self, colleague: PersonId) -> int:
        """See Shelf. Needs nothing of what it erases to be readable: of a damaged profile it gives 0."""
        return await self._in_thread(self._erase, colleague)

    async def count(self, colleague: PersonId) -> int:
        return await self._with(colleague, 0, lambda profile: profile.count())

    async def settle(self) -> None:
        """Wait until Chroma knows all that it is to know by now."""
        await self._in_thread(self._index.settle)

    async def close(self) -> None:
        """Everything acknowledged is on the disk already; this gives back files, threads and Chroma's process."""
        await asyncio.to_thread(self._close)

    # ── the same, in a thread ────────────────────────────────────────────────────────────────────────────────────────

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **kwargs))

    async def _with(self, colleague: PersonId, nothing: T, work: Callable[[Profile], T]) -> T:
        """What the work gives on that profile, or `nothing` where it holds nothing."""

        def in_thread() -> T:
            with self._profiles.opened(colleague) as profile:
                return nothing if profile is None else work(profile)

        return await self._in_thread(in_thread)

    def _put(self, colleague: PersonId, shelved: Sequence[Shelved]) -> int:
        if not shelved:
            return 0
        with self._profiles.opened(colleague, create=True) as opened:
            profile = cast(Profile, opened)
            changed, vectors = profile.put(shelved), profile.overview().vectors
        if changed and vectors >= self._chroma_from:
            self._index.notice(colleague)
        return changed

    def _nearest(self, vector: Vector, within: Within, limit: int) -> Sequence[Near]:
        query = np.asarray(vector, dtype=np.float32)
        found: list[tuple[float, str, PersonId]] = []
        for colleague, sources in within.items():
            with self._profiles.opened(colleague) as profile:
                if profile is not None and sources:
                    here = profile.nearest(
                        query,
                        sources,
                        approximate=partial(self._index.nearest, colleague),
                        chroma_from=self._chroma_from,
                        limit=limit,
                    )
                    found += [(-cosine, passage, colleague) for cosine, passage in here]
        return [Near(passage, colleague, -farness) for farness, passage, colleague in heapq.nsmallest(limit, found)]

    def _matching(self, terms: Sequence[str], within: Within, limit: int) -> Matches:
        found: list[Match] = []
        passages, total_length, having = 0, 0, [0] * len(terms)
        for colleague, sources in within.items():
            with self._profiles.opened(colleague) as profile:
                if profile is not None and sources:
                    here = profile.matching(terms, sources, limit=limit)
                    found += here.found
                    passages += here.passages
                    total_length += here.total_length
                    having = [sum(both) for both in zip(having, here.having, strict=True)]
        return Matches(tuple(found), passages, total_length, tuple(having))

    def _read(self, wanted: Mapping[PersonId, Collection[str]]) -> Sequence[Passage]:
        read: list[Passage] = []
        for colleague, passages in wanted.items():
            with self._profiles.opened(colleague) as profile:
                if profile is not None:
                    read += profile.read(passages)
        return read

    def _erase_some(self, colleague: PersonId, work: Callable[[Profile], int]) -> int:
        with self._index.still():
            with self._profiles.opened(colleague) as profile:
                if profile is None:
                    return 0
                gone, seen = work(profile), profile.overview()
            self._index.sweep(colleague, but=seen.state.generation)
        if gone and seen.vectors >= self._chroma_from:
            self._index.notice(colleague)
        return gone

    def _erase(self, colleague: PersonId) -> int:
        with self._index.still():
            return self._profiles.erase(colleague, let_go=partial(self._index.sweep, colleague, but=None))

    def _close(self) -> None:
        self._index.close()
        self._threads.shutdown()
        self._profiles.close()
