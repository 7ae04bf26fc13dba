"""Passages: what is quotable of a colleague's words, and how it is cut from what they wrote.

Decides where a passage begins and ends, which words of the thread round it may help to find it (C4), and which text
stands for it when it is embedded. What may be kept at all was decided before, in `core.gate`; only `Kept` text gets in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from bot.core.messages import Form, Message
from bot.core.people import PersonId, SourceId
from bot.core.terms import content, is_agreement

if TYPE_CHECKING:  # the gate judges passages, so it imports this module
    from bot.core.gate import Kept

MAX_CHARS = 1200

JOIN_CHARS = 400
"""Consecutive messages are joined up to this length: a longer stretch answers several questions, finds none."""

PAUSE = timedelta(minutes=10)
"""After so long a silence somebody's next words are a passage of their own."""

TOPICS = 24
"""At most so many topic terms for a passage."""

TOPICS_BEFORE, TOPICS_AFTER = 5, 2
"""From how many messages before and after a passage, by anybody, its topic terms are taken."""

_SENTENCE_END = re.compile(r"(?<=[。！？!?；;])|(?<=\.)\s|\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a passage that came from one message."""

    message: str
    text: str
    sent_at: datetime | None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one colleague's own words in one thread, small enough to quote.

    `pieces` are in order; their texts, joined by newlines, are `text`, at most MAX_CHARS characters. `id` is derived
    from source, first message and part, so cutting the same words twice gives the same passage. `topics` are topic
    terms (C4): words of the thread round it that the colleague's own kept text also uses.
    """

    id: str
    author: PersonId
    source: SourceId
    thread: str
    pieces: tuple[Piece, ...]
    topics: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(piece.text for piece in self.pieces)

    @property
    def messages(self) -> tuple[str, ...]:
        """Ids of the messages it was cut from, each once, in order."""
        return tuple(dict.fromkeys(piece.message for piece in self.pieces))

    @property
    def sent_at(self) -> datetime | None:
        """When its last words were written: newer beats older (D8)."""
        return max((piece.sent_at for piece in self.pieces if piece.sent_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Draft:
    """A passage and the text to embed for it: its own words and, where it is of a document, that document's title."""

    passage: Passage
    embed: str


def cut(
    thread: Sequence[Message],
    kept: Mapping[str, Kept],
    *,
    vocabulary: Collection[str] | Callable[[str], bool],
    place: str,
) -> list[Draft]:
    """Cut what was kept of one thread into passages, in order.

    `thread` is the whole thread, everybody's messages, oldest first; `kept` maps message ids to what may be stored of
    them; messages that are not in it only part others and lend topic terms. `vocabulary` are the terms that the
    colleague's own kept text uses (C4). `place` is how the chat or document is called, or "".
    A lone agreement ("ok") makes no passage; a kept message that is in none of the drafts was one of those.
    """
    uses = vocabulary if callable(vocabulary) else vocabulary.__contains__
    stretches = list(_stretches(thread, kept))
    if not stretches:
        return []
    root = f"{stretches[0].source}/{thread[0].id}"
    drafts: list[Draft] = []
    for stretch in stretches:
        for part, pieces in enumerate(_parts(stretch.kept)):
            text = "\n".join(piece.text for piece in pieces)
            passage = Passage(
                id=_id(stretch.source, stretch.kept[0].message, part),
                author=stretch.kept[0].author,
                source=stretch.source,
                thread=root,
                pieces=pieces,
                topics=_topics(thread, stretch, text, uses),
            )
            # A part of a document means little without its title. Chat is embedded bare: place, date, topic terms and
            # the author's words round it, in the same text, all made it harder to find.
            titled = stretch.kept[0].form is Form.DOCUMENT and place
            drafts.append(Draft(passage, f"{place}\n{text}" if titled else text))
    return drafts


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Consecutive kept messages of one author; `first` and `last` are where in the thread it stands."""

    kept: tuple[Kept, ...]
    first: int
    last: int

    @property
    def source(self) -> SourceId:
        return self.kept[0].source


def _stretches(thread: Sequence[Message], kept: Mapping[str, Kept]) -> Iterator[_Stretch]:
    run: list[tuple[int, Kept]] = []
    for index, message in enumerate(thread):
        mine = kept.get(message.id)
        if run and _parts_from(run[-1][1], message, mine, sum(len(each.text) for _, each in run)):
            yield from _stretch(run)
            run = []
        if mine is not None:
            run.append((index, mine))
    if run:
        yield from _stretch(run)


def _parts_from(last: Kept, message: Message, mine: Kept | None, chars: int) -> bool:
    """Does this message end the stretch before it?"""
    if message.author != last.author:
        return True
    if mine is None:  # dropped by the gate: it parts nothing, since nobody else spoke
        return False
    if mine.form is Form.DOCUMENT or last.form is Form.DOCUMENT:
        return True
    if chars + len(mine.text) > JOIN_CHARS:
        return True
    return last.sent_at is not None and mine.sent_at is not None and mine.sent_at - last.sent_at > PAUSE


def _stretch(run: Sequence[tuple[int, Kept]]) -> Iterator[_Stretch]:
    if not all(is_agreement(each.text) for _, each in run):
        yield _Stretch(tuple(each for _, each in run), run[0][0], run[-1][0])


def _parts(kept: Sequence[Kept]) -> Iterator[tuple[Piece, ...]]:
    """Pieces that fit into MAX_CHARS together; a longer message is split at the ends of paragraphs or sentences."""
    part: list[Piece] = []
    chars = 0
    for each in kept:
        for text in split(each.text, MAX_CHARS):
            if part and chars + 1 + len(text) > MAX_CHARS:
                yield tuple(part)
                part, chars = [], 0
            chars += len(text) + bool(part)
            part.append(Piece(each.message, text, each.sent_at, each.link))
    yield tuple(part)


def split(text: str, max_chars: int) -> list[str]:
    """Split at the ends of paragraphs, else lines, else sentences, else anywhere; parts are trimmed and not empty."""
    text = text.strip()
    parts: list[str] = []
    while len(text) > max_chars:
        at = _cut_at(text, max_chars)
        parts.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*parts, text] if text else parts


def _cut_at(text: str, max_chars: int) -> int:
    paragraph = text.rfind("\n\n", max_chars // 3, max_chars)
    if paragraph > 0:
        return paragraph
    ends = [found.end() for found in _SENTENCE_END.finditer(text, max_chars // 3, max_chars)]
    return ends[-1] if ends else max_chars


def _topics(thread: Sequence[Message], stretch: _Stretch, text: str, uses: Callable[[str], bool]) -> tuple[str, ...]:
    """Words of the thread near the stretch, nearest first, that its author uses too and the passage does not say."""
    said = set(content(text))
    before = reversed(thread[max(0, stretch.first - TOPICS_BEFORE) : stretch.first])
    after = thread[stretch.last + 1 : stretch.last + 1 + TOPICS_AFTER]
    near = dict.fromkeys(word for message in (*before, *after) for word in content(message.text) if word not in said)
    return tuple(islice(filter(uses, near), TOPICS))


def _id(source: SourceId, message: str, part: int) -> str:
    return hashlib.sha256(f"{source}\0{message}\0{part}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def without(passage: Passage, messages: Collection[str]) -> Draft | None:
    """What is left of a passage of a chat when it loses what came from these messages, None where that says nothing.

    It is the passage that would be cut if those messages had never been: without its first message it has another id.
    """
    pieces = tuple(piece for piece in passage.pieces if piece.message not in messages)
    if all(is_agreement(piece.text) for piece in pieces):
        return None
    began_with, begins_with = passage.pieces[0].message, pieces[0].message
    name = passage.id if begins_with == began_with else _id(passage.source, begins_with, 0)
    left = replace(passage, id=name, pieces=pieces)
    return Draft(left, left.text)
