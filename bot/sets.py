"""Sets: chats with questions whose answers are known, as `bot.evaluate` measures on them.

Reads a folder of gzipped JSON lines into messages and questions. Decides nothing about what counts as right.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.core.messages import Form, Message
from bot.core.people import PersonId, SourceId
from bot.errors import BadInput

PLATFORM = TENANT = "eval"
SOMEBODY = "somebody"
"""The one invented author of messages whose sender is null."""

LEFT_OUT = ("Contextual Anaphora", "Multimodal", "general_summary")
"""Kinds of questions that measure something else (the data's README)."""

_Read = TypeVar("_Read")


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


@dataclass(frozen=True, slots=True)
class Case:
    """A question of the set, asked by somebody who may see some chats alone: those of `sight`."""

    question: str
    asker: str
    sight: frozenset[str]


@dataclass(frozen=True, slots=True)
class Item:
    """A text of a redaction or injection set. `spans` are what is to go from it: start, end, kind."""

    text: str
    label: str
    category: str
    spans: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """One set. `messages` are by chat, oldest first; what has no time stays where it stands in the file."""

    name: str
    messages: Mapping[SourceId, Sequence[Message]]
    questions: tuple[Asked, ...]
    cases: tuple[Case, ...]


def read_set(folder: Path, *, limit: int | None) -> QuestionSet:
    """Read a set, with the first so many questions and cases only. Raises BadInput, naming file and line."""
    rows = list(_rows(folder / "messages.jsonl.gz", _row))
    questions = [asked for asked in _rows(folder / "questions.jsonl.gz", _asked) if asked is not None]
    documents: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.product and row.form is Form.DOCUMENT:
            documents[row.product].add(row.chat)

    def case(found: Mapping[str, Any]) -> Case:
        products = (documents[product] for product in found["visible_products"])
        return Case(found["question_id"], found["asker"], frozenset(found["visible_channels"]).union(*products))

    path = folder / "access.jsonl.gz"
    cases = list(_rows(path, case)) if path.exists() else []
    return QuestionSet(folder.name, _messages(rows), tuple(questions[:limit]), tuple(cases[:limit]))


def read_items(folder: Path, *, limit: int | None) -> list[Item]:
    """Read a redaction or injection set. Raises BadInput, naming file and line."""
    return list(_rows(folder / "items.jsonl.gz", _item))[:limit]


def senders(folder: Path) -> frozenset[str]:
    """Who wrote the messages of a set; nobody in a folder that has none. Raises BadInput, naming file and line."""
    path = folder / "messages.jsonl.gz"
    return frozenset(row.sender or SOMEBODY for row in _rows(path, _row)) if path.exists() else frozenset()


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    chat: str
    thread: str | None
    sender: str | None
    sent_at: datetime | None
    text: str
    form: Form
    product: str | None


def _row(found: Mapping[str, Any]) -> _Row:
    meta, sent_at = found["meta"], _time(found["ts"])
    untold = found["sender"] is None and sent_at is None
    return _Row(
        id=str(found["id"]),
        chat=str(found["chat_id"]),
        # Where a set's threads are its own answer key, they are nothing that a platform would have told.
        thread=None if "annotated" in meta else found["thread_id"],
        sender=found["sender"],
        sent_at=sent_at,
        text=str(found["text"]),
        form=Form.DOCUMENT if untold or meta.get("kind", "slack") != "slack" else Form.CHAT,
        product=meta.get("product"),
    )


def _asked(found: Mapping[str, Any]) -> Asked | None:
    meta = found["meta"]
    if meta.get("type") in LEFT_OUT:
        return None
    return Asked(
        id=found["id"],
        text=str(found["question"]),
        asker=found["asker"] or "asker",
        evidence=frozenset(found["evidence_ids"] or ()),
        answerable=bool(found["answerable"]),
        scope=frozenset(meta["scope"]) if meta.get("scope") else None,
        hidden=frozenset(meta.get("exclude_ids") or ()),
    )


def _item(found: Mapping[str, Any]) -> Item:
    spans = tuple((start, end, kind) for start, end, kind in found.get("spans") or ())
    return Item(str(found["text"]), found["label"], found["category"], spans)


def _messages(rows: Sequence[_Row]) -> dict[SourceId, list[Message]]:
    names = frozenset(row.sender for row in rows if row.sender)
    chats: dict[SourceId, list[Message]] = defaultdict(list)
    for row in rows:
        source = SourceId(PLATFORM, TENANT, row.chat)
        chats[source].append(
            Message(
                id=row.id,
                source=source,
                author=PersonId(PLATFORM, TENANT, row.sender or SOMEBODY),
                sent_at=row.sent_at,
                text=row.text,
                thread=row.thread,
                names=_names_in(row.text, names),
                form=row.form,
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


def _rows(path: Path, read: Callable[[Mapping[str, Any]], _Read]) -> Iterator[_Read]:
    if not path.exists():
        raise BadInput(str(path), "is missing; a set has messages.jsonl.gz and questions.jsonl.gz, or items.jsonl.gz")
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    yield read(json.loads(line))
    except UnicodeDecodeError as error:
        raise BadInput(str(path), "is not UTF-8 text") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}, line {number}", "is no JSON of the shape that the sets have") from error
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(str(path), "cannot be read as gzipped text") from error
