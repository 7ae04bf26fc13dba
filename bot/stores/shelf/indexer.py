"""Keeps Chroma's directories in step with the profiles' files, in the background and off the answering path.

One thread tells Chroma what is new, in small batches with pauses; it makes a directory anew where that is missing,
damaged, behind, for another embedder, or knows passages that were erased. What it has been told is noted in the
profile's file, after Chroma has it: a process killed in between tells it again.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.core.people import PersonId
from bot.errors import BylineError
from bot.stores.shelf import near
from bot.stores.shelf.chroma import Chroma, Trouble
from bot.stores.shelf.file import reading
from bot.stores.shelf.profile import Profile
from bot.stores.shelf.profiles import Profiles, profile_of
from bot.stores.shelf.vectors import Floats

log = logging.getLogger(__name__)

BATCH = 50  # rows; some 50 ms of Chroma's work, which a search may have to wait for
PAUSE_S = 0.02
LOOK_AGAIN_S = 2.0  # how soon an erasure by another process closes a directory that is open here
MAX_STALE = 0.25  # of what Chroma knows, replaced since; then its directory is made anew
MAX_FAILURES = 3  # after which a profile is searched exactly until the app starts again


class Indexer:
    """Chroma's directories, one for each generation of a profile's index."""

    def __init__(self, profiles: Profiles, *, embedder: str, chroma_from: int) -> None:
        self._profiles = profiles
        self._embedder, self._chroma_from = embedder, chroma_from
        self._chroma = Chroma()
        self._telling = threading.RLock()
        self._checked: dict[PersonId, int] = {}  # the generation of each profile whose directory was found whole
        self._ready: dict[PersonId, int] = {}  # the same, once it has been told all but the newest
        self._failures: dict[PersonId, int] = {}
        self._waiting: dict[PersonId, None] = {}  # in order, each once
        self._working = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    # ── for searches and erasures ────────────────────────────────────────────────────────────────────────────────────

    def notice(self, colleague: PersonId) -> None:
        """Something may be there to be told."""
        with self._changed:
            if self._closing:
                return
            self._waiting[colleague] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="shelf-indexer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def nearest(
        self, colleague: PersonId, generation: int, vector: Floats, limit: int
    ) -> Sequence[tuple[int, float]] | None:
        """Ask Chroma; None where it is not ready, or fails. Then the directory is checked again before it is used."""
        if self._ready.get(colleague) == generation:
            try:
                return self._chroma.nearest(self._directory(colleague, generation), vector, limit)
            except Trouble as trouble:
                if trouble.busy:
                    return None
                self._distrust(colleague)
        self.notice(colleague)
        return None

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep it from telling anything meanwhile: what is erased must not be on its way to Chroma. Before any profile
        is opened."""
        with self._telling:
            yield

    def sweep(self, colleague: PersonId, *, but: int | None) -> None:
        """Remove the profile's directories but that of one generation; with None, everything."""
        folder = self._folder(colleague)
        generation = self._checked.get(colleague)
        if generation is not None and generation != but:
            self._distrust(colleague)
            try:
                self._chroma.drop(self._directory(colleague, generation))
            except Trouble:
                self._chroma.close()
        if but is None:
            shutil.rmtree(folder, ignore_errors=True)
        elif folder.exists():
            for directory in folder.iterdir():
                if directory.is_dir() and directory.name != str(but):
                    shutil.rmtree(directory, ignore_errors=True)

    def settle(self) -> None:
        """Wait until nothing is left to tell."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._working)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify_all()
        self._chroma.interrupt()
        if self._thread is not None:
            self._thread.join()
        self._chroma.close()

    # ── in the background ────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while (colleague := self._next()) is not None:
            try:
                self._keep_up(colleague)
            except BylineError as error:
                # The profile's own trouble: whoever searches it next is told.
                log.warning("not indexed: %s", error)
            finally:
                with self._changed:
                    self._working = False
                    self._changed.notify_all()

    def _next(self) -> PersonId | None:
        """The next profile to see to, or None when closing. From time to time, those whose directories are open."""
        with self._changed:
            while not self._closing and not self._waiting:
                if not self._changed.wait(LOOK_AGAIN_S if self._checked else None):
                    self._waiting.update(dict.fromkeys(self._checked))
            if self._closing:
                return None
            self._working = True
            colleague = next(iter(self._waiting))
            del self._waiting[colleague]
            return colleague

    def _keep_up(self, colleague: PersonId) -> None:
        while not self._closing and self._failures.get(colleague, 0) < MAX_FAILURES:
            try:
                if self._is_large(colleague):
                    self._chroma.start()  # before `_telling`, for which an erasure would have to wait
                with self._telling:
                    if not self._tell_some(colleague):
                        return
            except Trouble as trouble:
                self._distrust(colleague)
                if trouble.busy or self._closing:
                    return
                with self._telling:
                    self._failed(colleague, str(trouble))
            with self._changed:
                self._changed.wait_for(lambda: self._closing, timeout=PAUSE_S)

    def _is_large(self, colleague: PersonId) -> bool:
        with self._profiles.opened(colleague) as opened:
            return opened is not None and opened.overview().vectors >= self._chroma_from

    def _tell_some(self, colleague: PersonId) -> bool:
        """One batch. False if there was nothing to tell, or not yet enough. Raises Trouble."""
        with self._profiles.opened(colleague) as opened:
            look = _look(opened, self._embedder) if opened is not None else None
        if look is None or look.vectors < self._chroma_from:
            self.sweep(colleague, but=None)
            return False
        now = look.state
        directory = self._directory(colleague, now.generation)
        if now.embedder != self._embedder or now.stale > look.vectors * MAX_STALE:
            self._begin(colleague)
            return True
        if self._checked.get(colleague) != now.generation:
            self.sweep(colleague, but=now.generation)
            if not self._chroma.check(directory, now.told, now.told + BATCH, look.probes):
                raise Trouble("it does not know what it was told")
            self._checked[colleague] = now.generation
        if not look.next or (now.told and not look.many_untold):
            self._ready[colleague] = now.generation
            self._failures.pop(colleague, None)
            return False
        rows, halves = zip(*look.next, strict=True)
        with self._profiles.opened(colleague) as opened:
            if opened is None or not near.begin_telling(opened.connection, now, rows[-1]):
                return True  # look again
        self._chroma.add(directory, rows, b"".join(halves))
        with self._profiles.opened(colleague) as opened:
            if opened is not None:
                near.end_telling(opened.connection, now, rows[-1], len(rows))
        return True

    def _failed(self, colleague: PersonId, why: str) -> None:
        """Have the directory made again."""
        log.warning("the index of profile %s is made again: %s", profile_of(colleague), why)
        self._failures[colleague] = self._failures.get(colleague, 0) + 1
        self._begin(colleague)

    def _begin(self, colleague: PersonId) -> None:
        generation = None
        with self._profiles.opened(colleague) as opened:
            if opened is not None:
                near.begin_generation(opened.connection, self._embedder)
                generation = near.state(opened.connection).generation
        self.sweep(colleague, but=generation)

    def _distrust(self, colleague: PersonId) -> None:
        """Check its directory again before it is used again."""
        self._checked.pop(colleague, None)
        self._ready.pop(colleague, None)

    def _folder(self, colleague: PersonId) -> Path:
        return self._profiles.folder(colleague) / "chroma"

    def _directory(self, colleague: PersonId, generation: int) -> Path:
        return self._folder(colleague) / str(generation)


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at a profile: how far Chroma is, and what it is to be told next."""

    state: near.State
    vectors: int
    many_untold: bool
    probes: list[int]
    next: list[tuple[int, bytes]]


def _look(opened: Profile, embedder: str) -> _Look:
    with reading(opened.connection):
        seen = opened.overview()
        now = seen.state
        return _Look(
            now,
            seen.vectors,
            near.many_untold(opened.connection, now.told_to),
            near.some_told(opened.connection, embedder, now.told_to),
            near.untold(opened.connection, embedder, now.told_to, BATCH),
        )
