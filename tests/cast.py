"""The people and places of the tests, and a consent that lets them speak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.consent import (
    Consent,
    ConsentEvent,
    Grant,
    Granted,
    Invited,
    NoticeShown,
    Previewed,
    fold,
)
from bot.core.messages import Message
from bot.core.passages import Passage, Piece
from bot.core.people import Audience, Person, PersonId, Place, PlaceId, SourceId, Team
from bot.core.questions import Question

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
NOTICE = "9" * 64

WEI = PersonId("local", "acme", "wei")
LIN = PersonId("local", "acme", "lin")
CHEN = PersonId("local", "acme", "chen")
EVE = PersonId("local", "vendor", "eve")

PEOPLE = (
    Person(WEI, ("Wei Lan", "魏岚")),
    Person(LIN, ("Lin Mo", "林墨")),
    Person(CHEN, ("Chen Yu", "陈雨")),
)

OPS = Place(PlaceId("local", "acme", "ops"), "ops")
DEPLOYS = Place(PlaceId("local", "acme", "deploys"), "deploys")
VENDOR = Place(PlaceId("local", "acme", "vendor"), "vendor", has_outsiders=True)
DM_LIN = Place(PlaceId("local", "acme", "dm-lin"), "lin", one_to_one=True)
ACME = Team("local", "acme")


def grant(source: SourceId, audience: Audience, *, id: str = "g1", days: int = 180) -> Grant:  # noqa: A002  (a grant's id)
    return Grant(id, source, audience, NOW + timedelta(days=days), NOTICE)


def consent_events(colleague: PersonId, *grants: Grant) -> list[ConsentEvent]:
    """What a colleague's own way to active leaves in the ledger."""
    sources = tuple(sorted({each.source for each in grants}))
    return [
        Invited(colleague, NOW, "test"),
        NoticeShown(colleague, NOW, NOTICE),
        Granted(colleague, NOW, grants, "test"),
        Previewed(colleague, NOW, sources, 0),
    ]


def consented(colleague: PersonId, *grants: Grant) -> Consent:
    return fold(colleague, consent_events(colleague, *grants))


def said(
    author: PersonId | None,
    text: str,
    *,
    place: Place = DEPLOYS,
    id: str = "m1",  # noqa: A002  (a message's id)
    minute: int = 0,
    to_assistant: bool = False,
) -> Message:
    return Message(id, place.id.as_source(), author, NOW + timedelta(minutes=minute), text, to_assistant=to_assistant)


def passage(text: str, *, author: PersonId = WEI, place: Place = DEPLOYS, message: str = "m1") -> Passage:
    return Passage(f"p-{message}", author, place.id.as_source(), "t1", (Piece(message, text, NOW),))


def question(text: str = "how do we roll back?", *, asker: PersonId = LIN, place: Place = OPS) -> Question:
    return Question("q1", text, text, "en", asker, place, alone=place.one_to_one)
