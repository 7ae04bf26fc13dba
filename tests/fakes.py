"""One fake for each port that reaches outside; mypy holds each to its Protocol. Ledger and shelf are real."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from bot.core.gate import Permitted
from bot.core.label import Labelled
from bot.core.people import Person, PersonId, Place, PlaceId
from bot.core.questions import Question
from bot.core.terms import terms
from bot.errors import PlatformError
from bot.flows.means import Means
from bot.library import Library
from bot.outbox import Outbox
from bot.ports import Clock, Embedder, Ledger, Model, Roster, Shelf, Vector, Voice
from bot.stores.ledger import SqlLedger
from bot.stores.scan import scan
from bot.stores.shelf import DiskShelf
from bot.wording import Wording
from tests.cast import NOW, PEOPLE


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


class WordsEmbedder:
    """Vectors by the words of a text: alike where words are shared. Remembers what it was given to read."""

    id, dimensions = "words", 64

    def __init__(self, *, recipient: str | None = None) -> None:
        self.recipient = recipient
        self.read: list[str] = []

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        self.read.extend(texts)
        return [self._vector(text) for text in texts]

    async def question(self, text: str) -> Vector:
        return self._vector(text)

    async def close(self) -> None:
        pass

    def _vector(self, text: str) -> Vector:
        vector = [1e-3] * self.dimensions
        for term in terms(text):
            vector[hashlib.sha256(term.encode("utf-8", "replace")).digest()[0] % self.dimensions] += 1.0
        length = sum(each * each for each in vector) ** 0.5
        return [each / length for each in vector]


@dataclass
class ScriptedModel:
    """Says what it is told to say, or fails. Remembers what it was given to read."""

    says: str = ""
    fails: bool = False
    recipient: str | None = None
    read: list[str] = field(default_factory=list)

    async def reply(self, question: Question, permitted: Sequence[Permitted]) -> str:
        self.read.extend(each.passage.text for each in permitted)
        if self.fails:
            raise PlatformError("the model did not answer")
        return self.says

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class Posted:
    text: str
    place: PlaceId
    to: PersonId | None


class RecordingVoice:
    """Keeps what was posted."""

    max_chars = 4000

    def __init__(self) -> None:
        self.posted: list[Posted] = []

    async def post(self, text: Labelled, *, place: PlaceId, to: PersonId | None, reply_to: str | None) -> str:
        self.posted.append(Posted(text.text, place, to))
        return f"post-{len(self.posted)}"


class FixedRoster:
    """People and places as given; may be told to fail."""

    def __init__(self, readers: Mapping[Place, frozenset[PersonId]], people: Sequence[Person] = PEOPLE) -> None:
        self._readers, self._people = readers, people
        self.fails = False

    async def people(self) -> Sequence[Person]:
        return self._people

    async def person(self, person: PersonId) -> Person | None:
        return next((each for each in self._people if each.id == person), None)

    async def place(self, place: PlaceId) -> Place | None:
        return next((each for each in self._readers if each.id == place), None)

    async def places_of(self, person: PersonId) -> frozenset[PlaceId]:
        return frozenset(place.id for place, readers in self._readers.items() if person in readers)

    async def is_outsider(self, person: PersonId) -> bool:
        if self.fails:
            raise PlatformError("the roster cannot be had")
        return person.tenant != "acme"


@dataclass
class World:
    """The program over fakes and a folder, with handles to look at and meddle with."""

    means: Means
    ledger: SqlLedger
    library: Library
    clock: FakeClock
    voice: RecordingVoice
    roster: FixedRoster
    embedder: WordsEmbedder


@asynccontextmanager
async def world(
    folder: Path,
    readers: Mapping[Place, frozenset[PersonId]],
    *,
    model: Model | None = None,
    embedder: WordsEmbedder | None = None,
) -> AsyncIterator[World]:
    clock, voice, roster, embedder = FakeClock(), RecordingVoice(), FixedRoster(readers), embedder or WordsEmbedder()
    wording, numbers = Wording.load(), count(1)
    ledger = await SqlLedger.open(f"sqlite+aiosqlite:///{folder / 'ledger.sqlite3'}")
    shelf = DiskShelf(folder, embedder=embedder.id)
    library = Library(shelf, embedder=embedder, ledger=ledger, clock=clock, scan=lambda texts: scan(folder, texts))
    outbox = Outbox(voice, ledger=ledger, wording=wording, clock=clock)
    means = Means(library, outbox, ledger, roster, model, wording, clock, lambda: f"id{next(numbers)}")
    try:
        yield World(means, ledger, library, clock, voice, roster, embedder)
    finally:
        await library.close()
        await ledger.close()


def _held_to_their_protocols(
    clock: FakeClock,
    embedder: WordsEmbedder,
    model: ScriptedModel,
    voice: RecordingVoice,
    roster: FixedRoster,
    ledger: SqlLedger,
    shelf: DiskShelf,
) -> tuple[Clock, Embedder, Model, Voice, Roster, Ledger, Shelf]:
    """Never called: mypy checks here that each fills its port."""
    return clock, embedder, model, voice, roster, ledger, shelf
