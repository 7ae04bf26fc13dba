"""Which profiles are open, and who waits for whom.

A profile is one thread's at a time. Processes keep each other from erasing what is in use by locks on the key's file.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bot.core.people import PersonId
from bot.errors import BylineError, ShelfDamaged
from bot.stores.shelf import file
from bot.stores.shelf.keys import Keys
from bot.stores.shelf.profile import Profile
from bot.stores.shelf.vectors import Blocks

FILES_A_PROFILE = 4  # the key, and SQLite's three
FILES_BESIDE = 256  # sockets, the ledger, logs


class Profiles:
    """The profiles below a data directory; the most recently used are open."""

    def __init__(self, data: Path, *, embedder: str, max_open: int, vector_bytes: int, unlock: file.Unlock) -> None:
        self._folder, self._keys = data / "profiles", Keys(data / "keys")
        self._embedder, self._unlock = embedder, unlock
        self._max_open = _room_for(max_open)
        self._blocks = Blocks(vector_bytes)
        self._open: OrderedDict[str, Profile] = OrderedDict()
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()  # of the two above; held for no longer than it takes to look

    def folder(self, colleague: PersonId) -> Path:
        return self._folder / profile_of(colleague)

    @contextmanager
    def opened(self, colleague: PersonId, *, create: bool = False) -> Iterator[Profile | None]:
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
        path = self._folder / name / "words.db"
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

    def erase(self, colleague: PersonId, *, let_go: Callable[[], None]) -> int:
        """Destroy the key, have others `let_go` of what they hold open in the folder, remove it.

        Gives how many passages went: 0 where that cannot be told, for what cannot be read can be erased all the same.
        """
        name = profile_of(colleague)
        passages = 0
        with suppress(BylineError), self.opened(colleague) as profile:
            passages = profile.count() if profile is not None else 0
        with self._lock_of(name), file.translated(name):
            with ExitStack() as alone:
                with suppress(ShelfDamaged):
                    if (key := self._keys.read(name)) is not None:
                        alone.callback(key.close)
                        alone.enter_context(key.held(alone=True))
                self._keys.destroy(name)
            self._forget(name)
            let_go()
            _remove(self._folder / name)
        return passages

    def close(self) -> None:
        for name in list(self._open):
            with self._lock_of(name):
                self._forget(name)


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
    """Remove a folder, also after a power cut. Raises OSError where something of it stays."""
    if folder.exists():
        shutil.rmtree(folder)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
