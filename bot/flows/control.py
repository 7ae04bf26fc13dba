"""Control: what a person tells the assistant to do about themselves, or asks about it; effective on the next question.

Each gives the words of the reply. Who acts is whom the platform says spoke, never somebody named in the text.
"""

from __future__ import annotations

from collections import Counter

from bot.core.commands import Command, Verb
from bot.core.consent import Paused, Resumed, State
from bot.core.people import Audience, PersonId, PlaceId, Team
from bot.core.questions import Language
from bot.flows.means import Means
from bot.flows.withdraw import withdraw
from bot.outbox import text_hash


async def control(command: Command, person: PersonId, language: Language, means: Means) -> str:
    """Do what the command says for `person`; gives what to tell them."""
    match command.verb:
        case Verb.ABOUT:
            return means.wording.say("about", language=language)
        case Verb.ME:
            return await _me(person, language, means)
        case Verb.PAUSE:
            await means.ledger.append(Paused(person, means.clock.now()))
            return await _standing(person, State.PAUSED, "paused", language, means)
        case Verb.RESUME:
            await means.ledger.append(Resumed(person, means.clock.now()))
            return await _standing(person, State.ACTIVE, "resumed", language, means)
        case Verb.VERIFY:
            return await _verify(command.rest, language, means)
        case Verb.WITHDRAW:
            return await _withdraw(person, language, means)
        case Verb.HELP | None:
            return means.wording.say("help", language=language)


async def _standing(person: PersonId, wanted: State, key: str, language: Language, means: Means) -> str:
    standing = (await means.ledger.consent(person)).state
    return means.wording.say(key if standing is wanted else "not_enrolled", language=language)


async def _me(person: PersonId, language: Language, means: Means) -> str:
    consent = await means.ledger.consent(person)
    if not consent.grants:
        return means.wording.say("not_enrolled", language=language)
    sources = {grant.source for grant in consent.grants}
    held = Counter(passage.source for passage in await means.library.browse(person, sources=sources))
    lines = [
        means.wording.say(
            "me_source",
            language=language,
            source=await _called(grant.source.as_place(), means),
            passages=held[grant.source],
            audience=await _audience(grant.audience, language, means),
            until=grant.until.date().isoformat(),
        )
        for grant in consent.grants
    ]
    return means.wording.say(
        "me", language=language, state=_standing_words(consent.state, language, means), sources="\n".join(lines)
    )


async def _called(place: PlaceId, means: Means) -> str:
    known = await means.roster.place(place)
    return known.name if known is not None else place.chat


async def _audience(audience: Audience, language: Language, means: Means) -> str:
    if isinstance(audience, Team):
        return means.wording.say("everybody", language=language)
    return await _called(audience, means)


def _standing_words(state: State, language: Language, means: Means) -> str:
    return means.wording.say(f"state.{state.name.casefold()}", language=language)


async def _verify(rest: str, language: Language, means: Means) -> str:
    entry = await means.ledger.produced(answer=rest) or await means.ledger.produced(text_sha256=text_hash(rest))
    if entry is None:
        return means.wording.say("verify_no", language=language)
    return means.wording.say("verify_yes", language=language, reference=entry.answer, date=entry.at.date().isoformat())


async def _withdraw(person: PersonId, language: Language, means: Means) -> str:
    receipt = await withdraw(
        person, actor=str(person), library=means.library, ledger=means.ledger, clock=means.clock, new_id=means.new_id
    )
    if receipt is None:
        return means.wording.say("not_enrolled", language=language)
    return means.wording.say(
        "withdrawn" if receipt.residue == 0 else "withdrawn_unfinished",
        language=language,
        reference=receipt.id,
        passages=receipt.passages,
        files=receipt.files_scanned,
        residue=receipt.residue,
    )
