"""The shelf: where passages are kept, one encrypted file a profile.

    keys/PROFILE.key               the profile's key; destroying it makes all the rest unreadable
    profiles/PROFILE/words.db      SQLCipher: passages, words, vectors: the truth (file.py, profile.py)
    profiles/PROFILE/chroma/N/     Chroma: the vectors again, to search large profiles (chroma.py, indexer.py)

PROFILE is a hash of the colleague's id. This module decides which profile is open when, and who waits for whom; how one
profile is searched is in words.py and near.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import os
import resource
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numpy as np

from bot.core.passages import Passage
from bot.core.people import PersonId, SourceId
from bot.core.rank import Match, Matches, Near
from bot.errors import ShelfDamaged
from bot.ports import Shelved, Vector, Within
from bot.stores.shelf import file
from bot.stores.shelf.indexer import Indexer
from bot.stores.shelf.keys import Keys
from bot.stores.shelf.profile import Profile
from bot.stores.shelf.vectors import Blocks

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4
FILES_A_PROFILE = 4  # the key, and SQLite's three
FILES_BESIDE = 256  # sockets, the ledger, logs

CHROMA_FROM = 30_000
"""Vectors in a profile from which unrestricted searches go to Chroma; below, the exact scan is as fast."""


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
        self._profiles, self._keys = data / "profiles", Keys(data / "keys")
        self._embedder, self._unlock, self._chroma_from = embedder, unlock, chroma_from
        self._max_open = _room_for(max_open)
        self._blocks = Blocks(vector_bytes)
        self._open: OrderedDict[str, Profile] = OrderedDict()
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()  # of the two above; held for no longer than it takes to look
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="shelf")
        self._index = Indexer(self._opened, self._chroma_folder, embedder=embedder, chroma_from=chroma_from)

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
            with self._opened(colleague) as profile:
                return nothing if profile is None else work(profile)

        return await self._in_thread(in_thread)

    def _put(self, colleague: PersonId, shelved: Sequence[Shelved]) -> int:
        if not shelved:
            return 0
        with self._opened(colleague, create=True) as opened:
            profile = cast(Profile, opened)
            changed, vectors = profile.put(shelved), profile.vectors()
        if changed and vectors >= self._chroma_from:
            self._index.notice(colleague)
        return changed

    def _nearest(self, vector: Vector, within: Within, limit: int) -> Sequence[Near]:
        query = np.asarray(vector, dtype=np.float32)
        found: list[Near] = []
        for colleague, sources in within.items():
            with self._opened(colleague) as profile:
                if profile is not None and sources:
                    near_here = profile.nearest(
                        query,
                        sources,
                        approximate=partial(self._index.nearest, colleague),
                        chroma_from=self._chroma_from,
                        limit=limit,
                    )
                    found += [Near(passage, colleague, cosine) for cosine, passage in near_here]
        return heapq.nsmallest(limit, found, key=lambda each: (-each.cosine, each.passage))

    def _matching(self, terms: Sequence[str], within: Within, limit: int) -> Matches:
        found: list[Match] = []
        passages, total_length, having = 0, 0, [0] * len(terms)
        for colleague, sources in within.items():
            with self._opened(colleague) as profile:
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
            with self._opened(colleague) as profile:
                if profile is not None:
                    read += profile.read(passages)
        return read

    def _erase_some(self, colleague: PersonId, work: Callable[[Profile], int]) -> int:
        with self._index.still():
            with self._opened(colleague) as profile:
                if profile is None:
                    return 0
                gone, vectors, generation = work(profile), profile.vectors(), profile.generation()
            self._index.sweep(colleague, but=generation)
        if gone and vectors >= self._chroma_from:
            self._index.notice(colleague)
        return gone

    def _erase(self, colleague: PersonId) -> int:
        name = profile_of(colleague)
        gone = 0
        with self._index.still():
            # What cannot be counted can be erased all the same.
            with suppress(ShelfDamaged), self._opened(colleague) as profile:
                gone = profile.count() if profile is not None else 0
            with self._lock_of(name):
                with ExitStack() as stack:
                    with suppress(ShelfDamaged):
                        if (key := self._keys.read(name)) is not None:
                            stack.callback(key.close)
                            stack.enter_context(key.held(alone=True))
                    self._keys.destroy(name)
                self._forget(name)
                self._index.sweep(colleague, but=None)
                _remove(self._profiles / name)
        return gone

    def _close(self) -> None:
        self._index.close()
        self._threads.shutdown()
        for name in list(self._open):
            with self._lock_of(name):
                self._forget(name)

    # ── which profiles are open ──────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _opened(self, colleague: PersonId, *, create: bool = False) -> Iterator[Profile | None]:
        """The profile, to this thread alone and safe from being erased meanwhile; None where it holds nothing."""
        name = profile_of(colleague)
        with self._lock_of(name):
            try:
                with ExitStack() as holding, file.translated(name):
                    yield self._hold(name, colleague, holding, create=create)
            except ShelfDamaged:
                self._forget(name)
                raise

    def _hold(self, name: str, colleague: PersonId, holding: ExitStack, *, create: bool) -> Profile | None:
        while (profile := self._at_hand(name) or self._open_one(name, colleague, create=create)) is not None:
            with ExitStack() as locked:
                locked.enter_context(profile.key.held(alone=False))
                if not profile.key.destroyed:
                    holding.push(locked.pop_all())
                    return profile
            self._forget(name)  # another process has erased it
        return None

    def _open_one(self, name: str, colleague: PersonId, *, create: bool) -> Profile | None:
        path = self._profiles / name / "words.db"
        key = self._keys.read(name)
        if key is None and path.exists():
            raise ShelfDamaged(f"profile {name} has no key")
        if not create and (key is None or not path.exists()):
            if key is not None:
                key.close()
            return None
        key = key or self._keys.create(name)
        with ExitStack() as failing:
            failing.callback(key.close)
            with key.held(alone=False):
                if key.destroyed:  # by another process, just now
                    return self._open_one(name, colleague, create=create)
                _make(path.parent)
                connection = file.open_file(path, key.secret, str(colleague), unlock=self._unlock)
            failing.pop_all()
        profile = Profile(name, colleague, key, connection, self._embedder, self._blocks)
        self._keep(name, profile)
        return profile

    def _lock_of(self, name: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(name, threading.Lock())

    def _at_hand(self, name: str) -> Profile | None:
        with self._guard:
            if name in self._open:
                self._open.move_to_end(name)
            return self._open.get(name)

    def _keep(self, name: str, profile: Profile) -> None:
        """Keep it open; close those least recently used, but not one that is in use."""
        with self._guard:
            self._open[name] = profile
            oldest = list(self._open)[: max(0, len(self._open) - self._max_open)]
        for other in oldest:
            lock = self._lock_of(other)
            if other != name and lock.acquire(blocking=False):
                try:
                    self._forget(other)
                finally:
                    lock.release()

    def _forget(self, name: str) -> None:
        """Close a profile, if it is open. Its vectors go too: by the next time they may be another's."""
        with self._guard:
            profile = self._open.pop(name, None)
        self._blocks.drop(name)
        if profile is not None:
            profile.close()

    def _chroma_folder(self, colleague: PersonId) -> Path:
        return self._profiles / profile_of(colleague) / "chroma"


def profile_of(colleague: PersonId) -> str:
    """What a colleague's profile is called on the disk and in errors: it does not say whose it is."""
    return hashlib.sha256(str(colleague).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _room_for(profiles: int) -> int:
    """How many of that many profiles can be open, after the limit on open files was raised as far as may be."""
    wanted = profiles * FILES_A_PROFILE + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return profiles
    return max(1, min(profiles, (soft - FILES_BESIDE) // FILES_A_PROFILE))


def _make(folder: Path) -> None:
    """Make a folder that is still there after a power cut."""
    if folder.exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync(folder.parent)


def _remove(folder: Path) -> None:
    """Remove a folder for good. Raises OSError where something of it stays."""
    if folder.exists():
        shutil.rmtree(folder)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
