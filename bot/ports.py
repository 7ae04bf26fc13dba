"""What Byline needs of the outside, as Protocols.

Adapters in stores/ and connectors/ fill them; tests/fakes.py has one fake for each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.consent import Consent, ConsentEvent
from bot.core.gate import Permitted
from bot.core.label import Labelled
from bot.core.messages import Edited, Message, Recalled
from bot.core.passages import Passage
from bot.core.people import Person, PersonId, Place, PlaceId, SourceId
from bot.core.questions import Question
from bot.core.rank import Matches, Near

Vector = Sequence[float]
"""An embedding, L2-normalised; its length is the embedder's."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, in UTC."""


# ── platforms ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Roster(Protocol):
    """Who is who and who reads where, as the platform says now. A failure raises PlatformError; callers fail closed."""

    async def place(self, place: PlaceId) -> Place | None: ...

    async def person(self, person: PersonId) -> Person | None: ...

    async def people(self) -> Sequence[Person]:
        """Everybody who can be named in a question."""

    async def places_of(self, person: PersonId) -> frozenset[PlaceId]:
        """The places this person reads."""

    async def is_outsider(self, person: PersonId) -> bool: ...


class Archive(Protocol):
    """What was said before, in a source that the colleague has granted."""

    def history(self, source: SourceId) -> AsyncIterator[Message]:
        """Oldest first. Raises PlatformError."""


class Feed(Protocol):
    """What is being said now."""

    def events(self) -> AsyncIterator[Message | Recalled | Edited]: ...


class Voice(Protocol):
    """A way to speak in a place. Takes Labelled alone, so nothing unlabelled can leave."""

    @property
    def max_chars(self) -> int:
        """The longest text the platform takes in one message."""

    async def post(self, text: Labelled, *, place: PlaceId, to: PersonId | None, reply_to: str | None) -> str:
        """Post and give back the platform's message id. `to` is set when that person alone may read it."""


# ── what keeps ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer left: which passages under which grants, by id. `text_sha256` is of the text as posted (A7)."""

    answer: str
    at: datetime
    colleague: PersonId
    asker: PersonId
    place: PlaceId
    passages: tuple[str, ...]
    grants: tuple[str, ...]
    text_sha256: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A question was declined. `denials` counts the gate's reasons."""

    answer: str
    at: datetime
    asker: PersonId
    place: PlaceId
    denials: Mapping[str, int]
    text_sha256: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """Words were erased: `what` is "profile", "source" or "message"; counts only."""

    colleague: PersonId
    at: datetime
    what: str
    passages: int
    files_scanned: int
    residue: int


Entry = ConsentEvent | Shown | Refused | Erased


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the chain found. `broken_at` is the first entry that does not hold, None if all do."""

    entries: int
    head: str
    broken_at: int | None


class Ledger(Protocol):
    """Append-only and hash-chained. Holds no message text."""

    async def append(self, *entries: Entry) -> None:
        """All or none, durable on return."""

    async def consent(self, colleague: PersonId) -> Consent:
        """As of the last entry that anybody wrote, this process or another."""

    async def consents(self) -> Sequence[Consent]:
        """Of everyone who ever had an event, ordered by colleague."""

    async def produced(self, *, answer: str | None = None, text_sha256: str | None = None) -> Shown | Refused | None:
        """The entry of an answer, by id or by the hash of a posted text (A7)."""

    async def spoke_in(self, place: PlaceId) -> bool:
        """Has anything been posted in this place before? If not, people there do not know the assistant yet (A5)."""

    async def verify(self) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Shelved:
    """A passage as it goes onto the shelf, with what it is found by.

    `terms` are those of the passage's text and `topic_terms` those of its topics, in order, repeats kept (BM25 counts
    them). `vector` is None where no embedder may be given the text; it is then found by its words alone.
    """

    passage: Passage
    terms: tuple[str, ...]
    topic_terms: tuple[str, ...]
    vector: Vector | None


Within = Mapping[PersonId, frozenset[SourceId]]
"""Where to search: for each profile, the sources allowed. There is no "everywhere"."""


class Shelf(Protocol):
    """Where passages are kept, one encrypted file a profile. Held by `bot.library` alone.

    A profile that holds nothing is as good as empty: searching or erasing it is no error. A damaged file raises
    ShelfDamaged, which names the profile.
    """

    async def put(self, colleague: PersonId, shelved: Sequence[Shelved]) -> int:
        """All or none, durable on return; a passage whose id is there is replaced. Gives the number that changed.

        A passage with a message that was struck is left out.
        """

    async def cut_into(self, colleague: PersonId, messages: Collection[str]) -> Mapping[str, frozenset[str]]:
        """For those of these messages that are shelved: the ids of the passages they were cut into."""

    async def struck(self, colleague: PersonId, messages: Collection[str]) -> frozenset[str]:
        """Those of these messages that were struck: they are not to be taken again."""

    async def vocabulary(self, colleague: PersonId, terms: Collection[str]) -> frozenset[str]:
        """Those of these terms that occur in the text (not the topics) of the colleague's passages (C4)."""

    async def nearest(self, vector: Vector, within: Within, *, limit: int) -> Sequence[Near]:
        """Best first over all profiles, at most `limit`."""

    async def matching(self, terms: Sequence[str], within: Within, *, limit: int) -> Matches:
        """Passages that have any of these terms, at most `limit` a profile, its best by BM25."""

    async def read(self, wanted: Mapping[PersonId, Collection[str]]) -> Sequence[Passage]:
        """Passages by id; those that are gone are left out."""

    async def browse(self, colleague: PersonId, *, sources: Collection[SourceId]) -> Sequence[Passage]:
        """All passages of these sources, oldest first: for the preview and for `/mydata`."""

    async def strike(self, colleague: PersonId, passages: Collection[str]) -> int:
        """Erase whole passages; their messages are never taken again (a salted hash stays as a tombstone)."""

    async def erase_messages(self, colleague: PersonId, messages: Collection[str]) -> int:
        """Erase all passages cut from any of these messages. Gives the number of passages that went."""

    async def erase_source(self, colleague: PersonId, source: SourceId) -> int: ...

    async def erase(self, colleague: PersonId) -> int:
        """Destroy the key and remove the profile's directory. Gives the number of passages that went."""

    async def count(self, colleague: PersonId) -> int: ...

    async def close(self) -> None: ...


class Embedder(Protocol):
    """Turns text into vectors.

    `id` changes when vectors stop being comparable. `recipient` names the outsider that gets to read the text, None if
    it stays on this machine.
    """

    @property
    def id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def recipient(self) -> str | None: ...

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        """In order. Raises PlatformError."""

    async def question(self, text: str) -> Vector:
        """Raises PlatformError."""

    async def close(self) -> None: ...


class Model(Protocol):
    """Writes an answer from permitted passages. `recipient` as for Embedder."""

    @property
    def recipient(self) -> str | None: ...

    async def reply(self, question: Question, permitted: Sequence[Permitted]) -> str:
        """The model's raw reply, to be checked by core.compose.read_reply. Raises PlatformError, also on time-out."""

    async def close(self) -> None: ...
