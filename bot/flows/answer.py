"""Answer: question → permitted passages → enough? → quotes or a model's reply, checked → outbox.

One question is bound to one colleague (D6): whom it names, else whoever of those granted here documented it best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from time import perf_counter
from typing import Literal

from bot.core.compose import Answer, Citation, Declined, in_form, quote, read_reply, render
from bot.core.evidence import enough
from bot.core.gate import Permitted
from bot.core.injection import gives_orders
from bot.core.people import PersonId, SourceId
from bot.core.questions import Question, fixed
from bot.core.rank import best_colleague
from bot.errors import PlatformError
from bot.flows.means import Means
from bot.library import Found
from bot.outbox import Reply, Sent

SEARCHED = 50
"""Passages that are looked at for one answer."""

SENT_TO_MODEL = 8
"""Passages that a model gets to read: about a page."""

COMPARABLE = 0.5
"""A passage with less than this share of the best one's score is about something else."""

MAY_DIFFER = timedelta(days=30)
"""Words so far apart in time may contradict each other; the asker is told to go by the newer (D8)."""

Note = Literal["model_failed", "model_not_granted", "words_only", "private_instead"]
"""Why an answer is less than it might be; the key of what the asker is told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question: what was said, what it rests on, and how long each step took in milliseconds."""

    question: Question
    answer: Answer | Declined
    sent: Sent
    colleague: PersonId | None
    places: Mapping[SourceId, str]
    timings_ms: Mapping[str, float]


async def answer(question: Question, means: Means, *, reply_to: str | None = None) -> Outcome:
    """Answer a question, or decline it with the same words whatever the reason (D2).

    Raises PlatformError where the reply cannot be posted.
    """
    started = perf_counter()
    reason = await _fixed_reply(question, means)
    if reason is not None:
        sent = await means.outbox.say(_reply(question, means.wording.say(reason, language=question.language), reply_to))
        return Outcome(question, Declined(), sent, None, {}, {"total": _since(started)})

    asked = question
    question, found = await _find(asked, means)
    composing = perf_counter()
    composed, notes = await _compose(question, found, means)
    composed_ms = _since(composing)
    places: Mapping[SourceId, str] = {}
    if isinstance(composed, Declined):
        words = means.wording.say("declined", language=question.language, reference=question.id)
        # Where it was asked, also where the asker alone might have read more: a no looks the same everywhere (D2).
        reply = replace(_reply(asked, words, reply_to), denials=found.denials)
    else:
        places = await _names_of_places(composed.citations, means)
        reply = await _answering(composed, question, places, notes, means, reply_to=reply_to)
    sent = await means.outbox.say(reply)
    if sent.declined:
        composed = Declined()
    return Outcome(
        question,
        composed,
        sent,
        None if isinstance(composed, Declined) else composed.citations[0].author,
        places,
        {"embed": found.embed_ms, "search": found.search_ms, "compose": composed_ms, "total": _since(started)},
    )


async def _fixed_reply(question: Question, means: Means) -> str | None:
    """The reply that no model writes and no passage changes, by its key; None for a question to be looked up."""
    if question.asker_is_outsider:
        return "asker_outsider"
    if question.place.has_outsiders:
        return "outsiders"
    names = [name for person in await means.roster.people() for name in person.names]
    kind = fixed(question.text, names=names)
    return kind.value if kind is not None else None


async def _find(question: Question, means: Means) -> tuple[Question, Found]:
    """Search what the place may read; if that does not do, what the asker alone may read (D3).

    Gives the question as it is to be answered: `alone` where nobody but the asker may read the answer.
    """
    found = await _search(question, means)
    if question.alone or _does(question, found):
        return question, found
    privately = replace(question, alone=True)
    alone = await _search(privately, means)
    return (privately, alone) if _does(privately, alone) else (question, found)


async def _search(question: Question, means: Means) -> Found:
    found = await means.library.search(question, limit=SEARCHED)
    return found.of(*question.named) if len(question.named) == 1 else found


def _does(question: Question, found: Found) -> bool:
    return enough(question.searched, [each.passage for each in found.permitted])


def _of_one_colleague(found: Found) -> Sequence[Permitted]:
    """The best passages of whoever documented it best (D6), but none that gives orders to an assistant (D5)."""
    colleague = best_colleague(found.ranked)
    if colleague is None:
        return ()
    theirs = found.of(colleague)
    good_enough = theirs.ranked[0].score * COMPARABLE
    close = (each for each, rank in zip(theirs.permitted, theirs.ranked, strict=True) if rank.score >= good_enough)
    return tuple(islice((each for each in close if not gives_orders(each.passage.text)), SENT_TO_MODEL))


async def _compose(question: Question, found: Found, means: Means) -> tuple[Answer | Declined, Sequence[Note]]:
    """Quotes, or a model's reply where there is a model and the colleague lets it read; with what the asker is told."""
    if not _does(question, found):
        return Declined(), ()
    theirs = _of_one_colleague(found)
    notes: list[Note] = ["words_only"] if found.without_vectors else []
    if means.model is None:
        return quote(theirs, question), notes
    given = [each for each in theirs if means.model.recipient in (None, *each.grant.recipients)]
    if not given:
        return quote(theirs, question), [*notes, "model_not_granted"]
    try:
        raw = await means.model.reply(question, given)
    except PlatformError:
        raw = ""
    if not in_form(raw):
        return quote(theirs, question), [*notes, "model_failed"]
    return read_reply(raw, given, question), notes


async def _answering(
    composed: Answer,
    question: Question,
    places: Mapping[SourceId, str],
    notes: Sequence[Note],
    means: Means,
    *,
    reply_to: str | None,
) -> Reply:
    person = await means.roster.person(composed.citations[0].author)
    name = person.name if person is not None else composed.citations[0].author.user
    words = means.wording.reply(question.language)
    if question.alone and not question.place.one_to_one:
        notes = ["private_instead", *notes]
    told = [means.wording.say(note, language=question.language) for note in notes]
    days = [citation.sent_at.date() for citation in composed.citations if citation.sent_at is not None]
    if days and max(days) - min(days) >= MAY_DIFFER:
        oldest, newest = min(days).isoformat(), max(days).isoformat()
        told.append(means.wording.say("dates_differ", language=question.language, oldest=oldest, newest=newest))
    return replace(
        _reply(question, "\n\n".join([*told, render(composed, words=words, name=name, places=places)]), reply_to),
        about=name,
        question=question,
        backing=[citation.permitted for citation in composed.citations],
    )


async def _names_of_places(citations: Sequence[Citation], means: Means) -> dict[SourceId, str]:
    names = {}
    for source in {citation.source for citation in citations}:
        place = await means.roster.place(source.as_place())
        if place is not None:
            names[source] = place.name
    return names


def _reply(question: Question, body: str, reply_to: str | None) -> Reply:
    return Reply(
        id=question.id,
        body=body,
        language=question.language,
        place=question.place.id,
        asker=question.asker,
        alone=question.alone and not question.place.one_to_one,
        reply_to=reply_to,
    )


def _since(started: float) -> float:
    return (perf_counter() - started) * 1000
