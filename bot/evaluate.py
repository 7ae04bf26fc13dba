"""Evaluate: recall@k, nDCG, refusal both ways, leaks and latency, on a folder of questions.

Everything goes through the program itself: enrolment, gate, redaction, search, refusal. In a temporary workspace every
sender has granted each chat to the readers of that chat; a question limited to some chats is asked by somebody who
reads only those, and one with access cases by somebody who reads what the case says. What is counted as a leak is
looked up in the data, not in the gate.
"""

from __future__ import annotations

import gzip
import json
import math
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from bot.core.compose import Declined
from bot.core.injection import gives_orders
from bot.core.label import Labelled
from bot.core.messages import Form, Message
from bot.core.people import Person, PersonId, Place, PlaceId, SourceId
from bot.core.questions import Question, clean, language_of
from bot.core.rank import naming
from bot.core.redact import redact
from bot.errors import BadInput
from bot.flows import answer as answering
from bot.flows import enrol, preview
from bot.flows.gather import gather
from bot.flows.means import Means
from bot.library import Found, Library

PLATFORM = TENANT = "eval"
SOMEBODY = "somebody"
"""The one invented author of messages whose sender is null."""

LEFT_OUT = ("Contextual Anaphora", "Multimodal", "general_summary")
"""Kinds of questions that measure something else (the data's README)."""

RANKED = 200
"""Passages asked for where the order is measured: more messages than any k."""

Workspace = Callable[[Path], AbstractAsyncContextManager[Means]]
"""Opens the program in an empty folder."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a set: `scope` are the chats it is limited to, None for all; `hidden` ids are not to be seen."""

    id: str
    text: str
    asker: str
    evidence: frozenset[str]
    answerable: bool
    scope: frozenset[str] | None
    hidden: frozenset[str]


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
        return _of_items(folder, limit=limit)
    rows = list(_rows(folder / "messages.jsonl.gz"))
    questions = [_asked(row) for row in _rows(folder / "questions.jsonl.gz") if not _left_out(row)][:limit]
    cases = list(_rows(folder / "access.jsonl.gz"))[:limit] if (folder / "access.jsonl.gz").exists() else []
    with tempfile.TemporaryDirectory(prefix="byline-eval-") as scratch:
        async with workspace(Path(scratch)) as means:
            bench = _Bench(means, _messages(rows))
            ingest_per_s = await bench.ingest()
            measured = await bench.measure(questions)
            leaks = await bench.leaks(cases, {question.id: question for question in questions}, rows)
    return {"set": folder.name, "questions": len(questions), **measured, "leaks": leaks, "ingest_per_s": ingest_per_s}


class _Bench:
    """One set in one workspace."""

    def __init__(self, means: Means, messages: Mapping[SourceId, Sequence[Message]]) -> None:
        self._means, self._messages = means, messages
        self._chats = frozenset(source.key for source in messages)

    async def ingest(self) -> float:
        """Enrol every sender and gather every chat; gives messages a second, embedding included."""
        spoke: dict[PersonId, set[SourceId]] = defaultdict(set)
        for source, messages in self._messages.items():
            for message in messages:
                if message.author is not None:
                    spoke[message.author].add(source)
        for colleague, sources in spoke.items():
            await self._enrol(colleague, sources)
        started = perf_counter()
        for source, messages in self._messages.items():
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
        return sum(map(len, self._messages.values())) / (perf_counter() - started)

    async def measure(self, questions: Sequence[Asked]) -> dict[str, Any]:
        """Retrieval over the answerable questions that have evidence, refusal over all, latency over all."""
        ranks: list[tuple[list[str], frozenset[str]]] = []
        declined: dict[bool, list[bool]] = {True: [], False: []}
        search_ms, answer_ms = [], []
        for asked in questions:
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

    async def leaks(
        self, cases: Sequence[Mapping[str, Any]], questions: Mapping[str, Asked], rows: Sequence[Mapping[str, Any]]
    ) -> int:
        """Ids outside the asker's sight that were retrieved or cited, and declined answers that differ from others."""
        chat_of = {row["id"]: row["chat_id"] for row in rows}
        documents_of: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            if row["meta"].get("product") and row["meta"].get("kind") != "slack":
                documents_of[row["meta"]["product"]].add(row["chat_id"])
        leaks = 0
        refusals: set[str] = set()
        for case in cases:
            if case["question_id"] not in questions:
                continue
            products = (documents_of[product] for product in case["visible_products"])
            sight = frozenset(case["visible_channels"]).union(*products)
            asked = replace(questions[case["question_id"]], asker=case["asker"], scope=sight)
            question = await self._question(asked)
            retrieved = _ids(await self._search(question, asked))
            outcome = await answering.answer(question, self._means)
            cited: list[str] = []
            if isinstance(outcome.answer, Declined):
                refusals.add("\n".join(outcome.sent.texts).replace(question.id, ""))
            else:
                cited = [message for citation in outcome.answer.citations for message in citation.messages]
            leaks += sum(chat_of[message] not in sight for message in {*retrieved, *cited})
        # A refusal that reads otherwise than the others tells something about what was hidden (D2).
        return leaks + max(0, len(refusals) - 2)

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
            colleague=next(iter(named)) if len(named) == 1 else None,
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


def _of_items(folder: Path, *, limit: int | None) -> dict[str, Any]:
    """Redaction and injection sets: recall by category, and how often harmless lines are taken for something."""
    items = list(_rows(folder / "items.jsonl.gz"))[:limit]
    caught: dict[str, list[bool]] = defaultdict(list)
    alarms: dict[str, list[bool]] = defaultdict(list)
    of_type: dict[str, list[bool]] = defaultdict(list)
    for item in items:
        if item["label"] in ("secret", "pii"):
            left = redact(item["text"], names=()).text
            gone = [(kind, item["text"][start:end] not in left) for start, end, kind in item["spans"]]
            for kind, is_gone in gone:
                of_type[kind].append(is_gone)
            caught[item["category"]].append(all(is_gone for _, is_gone in gone))
        elif item["label"] == "clean":
            alarms[item["category"]].append(redact(item["text"], names=()).text != item["text"])
        elif item["label"] == "attack":
            caught[item["category"]].append(gives_orders(item["text"]))
        else:
            alarms[item["category"]].append(gives_orders(item["text"]))
    return {
        "set": folder.name,
        "items": len(items),
        "recall": {category: _share(each) for category, each in sorted(caught.items())},
        "recall_by_type": {kind: _share(each) for kind, each in sorted(of_type.items())},
        "recall_overall": _share([one for each in caught.values() for one in each]),
        "false_alarms": {category: _share(each) for category, each in sorted(alarms.items())},
        "false_alarms_overall": _share([one for each in alarms.values() for one in each]),
    }


def _asked(row: Mapping[str, Any]) -> Asked:
    meta = row["meta"]
    return Asked(
        id=row["id"],
        text=row["question"],
        asker=row["asker"] or "asker",
        evidence=frozenset(row["evidence_ids"] or ()),
        answerable=bool(row["answerable"]),
        scope=frozenset(meta["scope"]) if meta.get("scope") else None,
        hidden=frozenset(meta.get("exclude_ids") or ()),
    )


def _left_out(row: Mapping[str, Any]) -> bool:
    return row["meta"].get("type") in LEFT_OUT


def senders(folder: Path) -> frozenset[str]:
    """Who wrote the messages of a set."""
    path = folder / "messages.jsonl.gz"
    return frozenset(row["sender"] or SOMEBODY for row in _rows(path)) if path.exists() else frozenset()


def _messages(rows: Sequence[Mapping[str, Any]]) -> dict[SourceId, list[Message]]:
    """By chat, oldest first; what has no time stays where it stands in the file."""
    names = frozenset(row["sender"] for row in rows if row["sender"])
    chats: dict[SourceId, list[Message]] = defaultdict(list)
    for row in rows:
        source = SourceId(PLATFORM, TENANT, row["chat_id"])
        meta = row["meta"]
        untold = row["sender"] is None and row["ts"] is None
        document = meta.get("kind", "slack") != "slack" or untold
        chats[source].append(
            Message(
                id=row["id"],
                source=source,
                author=PersonId(PLATFORM, TENANT, row["sender"] or SOMEBODY),
                sent_at=_time(row["ts"]),
                text=row["text"],
                # Where a set's threads are its own answer key, they are nothing that a platform would have told.
                thread=None if "annotated" in meta else row["thread_id"],
                names=_names_in(row["text"], names),
                form=Form.DOCUMENT if document else Form.CHAT,
            )
        )
    early = datetime.min.replace(tzinfo=UTC)
    return {
        source: sorted(messages, key=lambda message: message.sent_at or early) for source, messages in chats.items()
    }


def _names_in(text: str, names: frozenset[str]) -> tuple[str, ...]:
    """Senders whom a text names as a roster's names are recognised: with a capital or an @ (see `rank.naming`)."""
    words = {word.strip(".,:;!?()[]'\"") for word in text.split()}
    plain = {word.removesuffix("'s") for word in words if word[:1].isupper()}
    marked = {word for word in words if word.startswith("@") and word[1:] in names}
    return tuple(sorted((plain & names) | marked))


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


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


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        raise BadInput(str(path), "is missing; a set has messages.jsonl.gz and questions.jsonl.gz, or items.jsonl.gz")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise BadInput(f"{path}, line {number}", "is no JSON") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(str(path), "cannot be read as gzipped text") from error
