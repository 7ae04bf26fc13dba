"""Evaluate: recall@k, nDCG, refusal both ways, leaks and latency, on a folder of questions.

Everything goes through the program itself: enrolment, gate, redaction, search, refusal. In a temporary workspace every
sender has granted each chat to the readers of that chat; a question limited to some chats is asked by somebody who
reads only those, and one with access cases by somebody who reads what the case says. What is counted as a leak is
looked up in the data, not in the gate.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from bot.core.compose import Declined
from bot.core.injection import gives_orders
from bot.core.label import Labelled
from bot.core.people import Person, PersonId, Place, PlaceId, SourceId
from bot.core.questions import Question, clean, language_of
from bot.core.rank import naming
from bot.core.redact import redact
from bot.flows import answer as answering
from bot.flows import enrol, preview
from bot.flows.gather import gather
from bot.flows.means import Means
from bot.library import Found, Library
from bot.sets import PLATFORM, TENANT, Asked, Item, QuestionSet, read_items, read_set

RANKED = 200
"""Passages asked for where the order is measured: more messages than any k."""

Workspace = Callable[[Path], AbstractAsyncContextManager[Means]]
"""Opens the program in an empty folder."""


class Unheard:
    """A Voice whose posts go nowhere: what was said is in the outcome."""

    max_chars = 100_000

    async def post(self, text: Labelled, *, place: PlaceId, to: PersonId | None, reply_to: str | None) -> str:
        return "unheard"


async def evaluate(folder: Path, workspace: Workspace, *, limit: int | None) -> dict[str, Any]:
    """Measure on a folder of the shape of the evaluation sets. Raises BadInput where it has none.

    `limit` takes the first so many questions (and access cases); the messages are all gathered.
    """
    if (folder / "items.jsonl.gz").exists():
        return {"set": folder.name, **_of_items(read_items(folder, limit=limit))}
    given = read_set(folder, limit=limit)
    with tempfile.TemporaryDirectory(prefix="byline-eval-") as scratch:
        async with workspace(Path(scratch)) as means:
            bench = Bench(given, means)
            ingest_per_s = await bench.ingest()
            measured = await bench.measure()
            leaks = await bench.leaks()
    return {
        "set": given.name,
        "questions": len(given.questions),
        **measured,
        "leaks": leaks,
        "ingest_per_s": ingest_per_s,
    }


class Bench:
    """One set in one workspace."""

    def __init__(self, given: QuestionSet, means: Means) -> None:
        self._given, self._means = given, means
        self._chats = frozenset(source.key for source in given.messages)

    async def ingest(self) -> float:
        """Enrol every sender and gather every chat; gives messages a second, embedding included."""
        spoke: dict[PersonId, set[SourceId]] = defaultdict(set)
        for source, messages in self._given.messages.items():
            for message in messages:
                if message.author is not None:
                    spoke[message.author].add(source)
        for colleague, sources in spoke.items():
            await self._enrol(colleague, sources)
        started = perf_counter()
        for source, messages in self._given.messages.items():
            place = Place(PlaceId(PLATFORM, TENANT, source.key), source.key)
            means = self._means
            await gather(
                source,
                messages,
                place=place,
                name=source.key,
                library=means.library,
                ledger=means.ledger,
                clock=means.clock,
            )
        return sum(map(len, self._given.messages.values())) / (perf_counter() - started)

    async def measure(self) -> dict[str, Any]:
        """Retrieval over the answerable questions that have evidence, refusal over all, latency over all."""
        ranks: list[tuple[list[str], frozenset[str]]] = []
        declined: dict[bool, list[bool]] = {True: [], False: []}
        search_ms, answer_ms = [], []
        for asked in self._given.questions:
            question = await self._question(asked)
            if asked.answerable and asked.evidence:
                found = await self._search(question, asked)
                search_ms.append(found.search_ms)
                ranks.append((_ids(found), asked.evidence))
            outcome = await answering.answer(question, self._seeing(asked))
            declined[asked.answerable].append(isinstance(outcome.answer, Declined))
            answer_ms.append(outcome.timings_ms["total"] - outcome.timings_ms.get("embed", 0.0))
        return {
            **retrieval(ranks),
            "declined_unanswerable": _share(declined[False]),
            "declined_answerable": _share(declined[True]),
            "search_ms": _percentiles(search_ms),
            "answer_ms": _percentiles(answer_ms),
        }

    async def leaks(self) -> int:
        """Ids outside the asker's sight that were retrieved or cited, and refusals that hint at what was hidden."""
        chat_of = {message.id: message.source.key for of in self._given.messages.values() for message in of}
        questions = {asked.id: asked for asked in self._given.questions}
        leaks = 0
        for case in self._given.cases:
            if case.question not in questions:
                continue
            asked = replace(questions[case.question], asker=case.asker, scope=case.sight)
            question = await self._question(asked)
            told = set(_ids(await self._search(question, asked)))
            outcome = await answering.answer(question, self._seeing(asked))
            if not isinstance(outcome.answer, Declined):
                told.update(message for citation in outcome.answer.citations for message in citation.messages)
            elif self._refusal(outcome) != await self._refusal_to_the_blind(asked):
                leaks += 1
            leaks += sum(chat_of[message] not in case.sight for message in told)
        return leaks

    async def _refusal_to_the_blind(self, asked: Asked) -> str:
        """What the same asker is told who may see nothing at all: a refusal that reads otherwise tells something."""
        blind = replace(asked, scope=frozenset())
        return self._refusal(await answering.answer(await self._question(blind), self._seeing(blind)))

    def _refusal(self, outcome: answering.Outcome) -> str:
        """The words of a refusal, without its reference and without what is said once in each place."""
        first = self._means.wording.say("first_contact", language=outcome.question.language)
        return " ".join("\n".join(outcome.sent.texts).replace(first, "").replace(outcome.question.id, "").split())

    async def _enrol(self, colleague: PersonId, sources: Collection[SourceId]) -> None:
        means = self._means
        notice = "0" * 64
        await enrol.invite(colleague, actor="evaluation", ledger=means.ledger, clock=means.clock)
        await enrol.show_notice(colleague, notice=notice, ledger=means.ledger, clock=means.clock)
        await enrol.grant(
            colleague,
            [enrol.Tick(source, PlaceId(PLATFORM, TENANT, source.key)) for source in sorted(sources)],
            recipients=(),
            notice=notice,
            evidence="a temporary workspace, for measuring",
            days=1,
            ledger=means.ledger,
            clock=means.clock,
            new_id=means.new_id,
        )
        await preview.approve(
            colleague, sources, struck=(), library=means.library, ledger=means.ledger, clock=means.clock
        )

    async def _question(self, asked: Asked) -> Question:
        asker = PersonId(PLATFORM, TENANT, asked.asker)
        chats = self._chats if asked.scope is None else asked.scope
        text = clean(asked.text)
        subject, named = naming(text, await self._means.roster.people())
        return Question(
            id=self._means.new_id(),
            text=text,
            subject=subject or text,
            language=language_of(text),
            asker=asker,
            place=Place(PlaceId(PLATFORM, TENANT, f"dm-{asked.asker}"), asked.asker, one_to_one=True),
            alone=True,
            asker_reads=frozenset(PlaceId(PLATFORM, TENANT, chat) for chat in chats),
            named=named,
        )

    async def _search(self, question: Question, asked: Asked) -> Found:
        return await self._seeing(asked).library.search(question, limit=RANKED)

    def _seeing(self, asked: Asked) -> Means:
        means = self._means
        return replace(means, library=_Hiding(means.library, asked.hidden)) if asked.hidden else means


class _Hiding(Library):
    """A library in which some messages are not to be found, for sets that hide evidence question by question."""

    def __init__(self, library: Library, hidden: frozenset[str]) -> None:
        self._library, self._hidden = library, hidden

    async def search(self, question: Question, *, limit: int) -> Found:
        found = await self._library.search(question, limit=RANKED)
        seen = found.only([self._hidden.isdisjoint(each.passage.messages) for each in found.permitted])
        return replace(seen, permitted=seen.permitted[:limit], ranked=seen.ranked[:limit])


class Askers:
    """The roster of a set: its senders by name, everybody of one tenant."""

    def __init__(self, senders: Collection[str]) -> None:
        self._people = tuple(Person(PersonId(PLATFORM, TENANT, sender), (sender,)) for sender in sorted(senders))

    async def people(self) -> Sequence[Person]:
        return self._people

    async def person(self, person: PersonId) -> Person | None:
        return Person(person, (person.user,))

    async def place(self, place: PlaceId) -> Place | None:
        return Place(place, place.chat)

    async def places_of(self, person: PersonId) -> frozenset[PlaceId]:
        return frozenset()

    async def is_outsider(self, person: PersonId) -> bool:
        return False


def retrieval(ranks: Sequence[tuple[Sequence[str], frozenset[str]]]) -> dict[str, float | None]:
    """Means over questions, each a ranked list of message ids and the ids that answer it. Binary relevance."""

    def mean(score: Callable[[Sequence[str], frozenset[str]], float]) -> float | None:
        return statistics.fmean(score(ids, gold) for ids, gold in ranks) if ranks else None

    def found(ids: Sequence[str], gold: frozenset[str], k: int) -> int:
        return sum(each in gold for each in ids[:k])

    return {
        "recall@5": mean(lambda ids, gold: found(ids, gold, 5) / len(gold)),
        "recall@10": mean(lambda ids, gold: found(ids, gold, 10) / len(gold)),
        "hit@10": mean(lambda ids, gold: float(found(ids, gold, 10) > 0)),
        "ndcg@10": mean(_ndcg),
        "capped_recall@10": mean(lambda ids, gold: found(ids, gold, 10) / min(10, len(gold))),
    }


def _ndcg(ids: Sequence[str], gold: frozenset[str]) -> float:
    gained = sum(1 / math.log2(rank + 2) for rank, each in enumerate(ids[:10]) if each in gold)
    return gained / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(gold))))


def _of_items(items: Sequence[Item]) -> dict[str, Any]:
    """Redaction and injection sets: recall by category, and how often harmless lines are taken for something."""
    caught: dict[str, list[bool]] = defaultdict(list)
    alarms: dict[str, list[bool]] = defaultdict(list)
    of_type: dict[str, list[bool]] = defaultdict(list)
    for item in items:
        match item.label:
            case "secret" | "pii":
                left = redact(item.text, names=()).text
                gone = [(kind, item.text[start:end] not in left) for start, end, kind in item.spans]
                for kind, is_gone in gone:
                    of_type[kind].append(is_gone)
                caught[item.category].append(all(is_gone for _, is_gone in gone))
            case "clean":
                alarms[item.category].append(redact(item.text, names=()).text != item.text)
            case "attack":
                caught[item.category].append(gives_orders(item.text))
            case _:
                alarms[item.category].append(gives_orders(item.text))
    return {
        "items": len(items),
        "recall": {category: _share(each) for category, each in sorted(caught.items())},
        "recall_by_type": {kind: _share(each) for kind, each in sorted(of_type.items())},
        "recall_overall": _share([one for each in caught.values() for one in each]),
        "false_alarms": {category: _share(each) for category, each in sorted(alarms.items())},
        "false_alarms_overall": _share([one for each in alarms.values() for one in each]),
    }


def _ids(found: Found) -> list[str]:
    """The messages that the passages were cut from, in order, each once."""
    return list(dict.fromkeys(message for each in found.permitted for message in each.passage.messages))


def _share(yes: Sequence[bool]) -> float | None:
    return sum(yes) / len(yes) if yes else None


def _percentiles(values: Sequence[float]) -> dict[str, float | None]:
    ordered = sorted(values)
    if not ordered:
        return {"p50": None, "p95": None}
    return {"p50": ordered[len(ordered) // 2], "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]}
