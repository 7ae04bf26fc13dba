"""The gate: what may be kept, and what may be shown to whom.

A yes carries its evidence, the grant; a no says why, for the ledger and never for the asker. `Kept` and `Permitted` are
made here and nowhere else (held by tests/test_architecture.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.core.consent import Consent, Grant
from bot.core.messages import Form, Message
from bot.core.passages import Passage
from bot.core.people import Audience, PersonId, Place, SourceId, Team
from bot.core.questions import Question
from bot.core.redact import redact


class Denial(Enum):
    """Why the gate said no. Recorded as a count; the asker never learns which, or that there was one (D2)."""

    NOT_THEIR_WORDS = "not their words"
    NOT_GRANTED = "not granted"
    OTHER_TENANT = "other tenant"
    ONE_TO_ONE = "one-to-one chat"
    MARKED_PLACE = "marked place"
    OUTSIDER_ASKS = "asked by an outsider"
    OUTSIDERS_READ = "outsiders read here"
    SENSITIVE = "sensitive"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Kept:
    """One message of a colleague's own words that may be stored: gated and redacted. Made by `keep` alone.

    `text` is what is left after redaction, people's names as role tokens. `dropped` counts what redaction took out, by
    category.
    """

    message: str
    source: SourceId
    author: PersonId
    sent_at: datetime | None
    text: str
    form: Form
    link: str | None
    dropped: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Permitted:
    """A passage together with the grant under which this question's audience may read it. Made by `admit` alone."""

    passage: Passage
    grant: Grant


def may_keep(message: Message, place: Place | None, consent: Consent, *, now: datetime) -> Grant | Denial:
    """May this be written down? `place` is the chat it was said in, None for a document or an import without one."""
    if message.author != consent.colleague:
        return Denial.NOT_THEIR_WORDS
    if place is not None and place.one_to_one:
        return Denial.ONE_TO_ONE
    if place is not None and place.marked:
        return Denial.MARKED_PLACE
    for grant in consent.live(now):
        if grant.source == message.source:
            return grant
    return Denial.NOT_GRANTED


def keep(message: Message, place: Place | None, consent: Consent, *, now: datetime) -> Kept | Denial:
    """Gate and redact one message: the only way from what was said to what may be stored."""
    verdict = may_keep(message, place, consent, now=now)
    if isinstance(verdict, Denial):
        return verdict
    redacted = redact(message.text, names=message.names)
    if not redacted.text.strip():
        return Denial.SENSITIVE if redacted.dropped else Denial.EMPTY
    return Kept(
        message=message.id,
        source=message.source,
        author=consent.colleague,
        sent_at=message.sent_at,
        text=redacted.text,
        form=message.form,
        link=message.link,
        dropped=tuple(sorted(redacted.dropped.items())),
    )


def covers(audience: Audience, question: Question) -> bool:
    """Are all who will read the answer within the granted audience?

    An answer in a place is read by the whole place. An answer to the asker alone is read by the asker, who is within
    the audience if they read the granted place.
    """
    if isinstance(audience, Team):
        return (audience.platform, audience.tenant) == (question.asker.platform, question.asker.tenant)
    if question.alone:
        return audience in question.asker_reads
    return audience == question.place.id


def refuses(question: Question, colleague: PersonId) -> Denial | None:
    """Refusals that hold whatever the passage: wrong tenant, or outsiders among the readers."""
    here = question.place.id
    if not (colleague.platform == here.platform == question.asker.platform):
        return Denial.OTHER_TENANT
    if not (colleague.tenant == here.tenant == question.asker.tenant):
        return Denial.OTHER_TENANT
    if question.asker_is_outsider:
        return Denial.OUTSIDER_ASKS
    if question.place.has_outsiders:
        return Denial.OUTSIDERS_READ
    return None


def may_show(passage: Passage, question: Question, consent: Consent, *, now: datetime) -> Grant | Denial:
    """Decide for one passage. A yes is the grant that allows it; a no says why."""
    if passage.author != consent.colleague:
        return Denial.NOT_THEIR_WORDS
    refusal = refuses(question, consent.colleague)
    if refusal is not None:
        return refusal
    for grant in consent.answering(now):
        if grant.source == passage.source and covers(grant.audience, question):
            return grant
    return Denial.NOT_GRANTED


def admit(passage: Passage, question: Question, consent: Consent, *, now: datetime) -> Permitted | Denial:
    """`may_show`, with the passage and its grant held together for those who only take `Permitted`."""
    verdict = may_show(passage, question, consent, now=now)
    return verdict if isinstance(verdict, Denial) else Permitted(passage, verdict)


def still_holds(permitted: Permitted, question: Question, consent: Consent, *, now: datetime) -> bool:
    """Would the very grant that admitted this passage admit it now? Asked once more just before posting."""
    return permitted.grant in consent.answering(now) and not isinstance(
        may_show(permitted.passage, question, consent, now=now), Denial
    )


def searchable(question: Question, consent: Consent, *, now: datetime) -> frozenset[SourceId]:
    """The sources of a colleague worth searching. Speed only: every hit is judged by `admit` again."""
    if refuses(question, consent.colleague) is not None:
        return frozenset()
    return frozenset(grant.source for grant in consent.answering(now) if covers(grant.audience, question))
