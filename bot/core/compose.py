"""Composing a reply: quotes in the colleague's own words, or a model's sentences, each checked against what it cites.

Decides what is quoted and which sentences stand, and how a reply reads. Not decided here: whether there is enough to
answer with (`core.evidence`), whether it may still be shown (`bot.outbox`), the label (`core.label`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core import support
from bot.core.consent import Grant
from bot.core.gate import Permitted
from bot.core.passages import Piece
from bot.core.people import PersonId, SourceId
from bot.core.questions import Question
from bot.core.replies import statements, visible
from bot.core.sentences import sentences
from bot.core.support import Flaw
from bot.core.terms import content

MAX_QUOTES = 3
"""Passages in an answer without a model."""

MAX_QUOTE_CHARS = 600
"""Of one passage; what is longer is cut where sentences end."""

MAX_CLAIMS = 8
"""Sentences in an answer that a model wrote."""

NOTHING = "NOTHING"
"""What prompts/reply.*.md has a model say when the passages do not answer."""

# Every character at which a chat client may begin a new line, and thereby step out of a quote.
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Citation:
    """What a claim rests on: a stretch of one passage, byte for byte, and the grant under which it may be read.

    `n` counts from 1 within a reply. `quote` is a substring of the passage's text, which is what may be shown.
    """

    n: int
    permitted: Permitted
    quote: str

    def __post_init__(self) -> None:
        if not self.quote or self.quote not in self.permitted.passage.text:
            raise ValueError("a citation quotes its passage byte for byte")

    @property
    def passage(self) -> str:
        return self.permitted.passage.id

    @property
    def grant(self) -> Grant:
        return self.permitted.grant

    @property
    def author(self) -> PersonId:
        return self.permitted.passage.author

    @property
    def source(self) -> SourceId:
        return self.permitted.passage.source

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The parts of the passage that the quote is from: its messages, in order."""
        passage = self.permitted.passage
        start = passage.text.index(self.quote)
        touched, at = [], 0
        for piece in passage.pieces:
            if at < start + len(self.quote) and start < at + len(piece.text):
                touched.append(piece)
            at += len(piece.text) + 1
        return tuple(touched)

    @property
    def messages(self) -> tuple[str, ...]:
        """Ids of the messages quoted, each once, in order."""
        return tuple(dict.fromkeys(piece.message for piece in self.pieces))

    @property
    def sent_at(self) -> datetime | None:
        """When the last words quoted were written."""
        return max((piece.sent_at for piece in self.pieces if piece.sent_at is not None), default=None)

    @property
    def link(self) -> str | None:
        """To the first message quoted that has one."""
        return next((piece.link for piece in self.pieces if piece.link is not None), None)


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence that a model wrote, and the numbers of the citations it rests on, at least one."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """An answer in the colleague's own words alone. Made by `quote`."""

    citations: tuple[Citation, ...]

    def __post_init__(self) -> None:
        _check(self.citations)


@dataclass(frozen=True, slots=True)
class Generated:
    """An answer that a model wrote, sentence by sentence. Made by `read_reply`. `cut` says why others are not in it."""

    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    cut: tuple[Flaw, ...] = ()

    def __post_init__(self) -> None:
        _check(self.citations)
        known = {citation.n for citation in self.citations}
        if not self.claims or not all(claim.citations and known.issuperset(claim.citations) for claim in self.claims):
            raise ValueError("every claim rests on a citation")


Answer = Quoted | Generated
"""Text with at least one citation, all of one colleague (D1, D6)."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing may be said. Carries no reason: not found and not permitted look alike (D2)."""


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """The words round an answer in one language; `{…}` stands for what is filled in.

    `quoted` ({name}) and `generated` ({name}) open the two kinds of answer; `source` ({n}, {name}, {place}, {date})
    stands below each quote, with `link` ({link}) behind it where there is one. `somewhere` and `undated` fill in for a
    place without a name and words without a date; `left_out` stands outside a quote where it was shortened.
    """

    quoted: str
    generated: str
    source: str
    link: str
    somewhere: str
    undated: str
    left_out: str


def quote(permitted: Sequence[Permitted], question: Question) -> Quoted | Declined:
    """The colleague's own words, in the order given (best first), without a model.

    At most MAX_QUOTES passages, none that repeats another. Raises ValueError where they are of several colleagues.
    """
    citations: list[Citation] = []
    for each in permitted:
        if len(citations) == MAX_QUOTES:
            break
        stretch = _stretch(each.passage.text, question.searched)
        told = any(support.locate(stretch, citation.quote) for citation in citations)
        if stretch and not told:
            citations.append(Citation(len(citations) + 1, each, stretch))
    return Quoted(tuple(citations)) if citations else Declined()


def read_reply(raw: str, permitted: Sequence[Permitted], question: Question) -> Generated | Declined:
    """Check what a model wrote, sentence by sentence; what does not stand is cut, and nothing left is Declined.

    `permitted` are the passages as the model was given them, in that order, for its numbers count them from 1.
    """
    reply = visible(raw)
    if support.speaks_as_somebody(reply):
        return Declined()
    passages = [each.passage for each in permitted]
    numbers: dict[int, int] = {}
    stretches: dict[int, slice] = {}
    claims: dict[str, Claim] = {}
    cut: list[Flaw] = []
    for statement in statements(reply):
        rests_on = support.judge(statement, passages, question.text)
        if isinstance(rests_on, Flaw):
            cut.append(rests_on)
            continue
        said = "".join(statement.text.casefold().split())
        if said in claims or len(claims) == MAX_CLAIMS:
            continue
        for at, stretch in rests_on:
            numbers.setdefault(at, len(numbers) + 1)
            stretches[at] = _spanning(stretches.get(at, stretch), stretch)
        claims[said] = Claim(statement.text, tuple(dict.fromkeys(numbers[at] for at, _ in rests_on)))
    if not claims:
        return Declined()
    citations = (Citation(n, permitted[at], passages[at].text[stretches[at]]) for at, n in numbers.items())
    return Generated(tuple(claims.values()), tuple(citations), tuple(cut))


def in_form(raw: str) -> bool:
    """Did the model reply as it was told to: some sentence cites, or it says that the passages do not answer?"""
    reply = visible(raw)
    return reply.strip(" .。\"'\n").upper() == NOTHING or any(statement.marks for statement in statements(reply))


def render(answer: Answer, *, words: ReplyWords, name: str, places: Mapping[SourceId, str]) -> str:
    """The answer as text to be labelled. `name` is the colleague's, `places` how their sources are called."""
    match answer:
        case Quoted(citations):
            opening = words.quoted.format(name=name)
        case Generated(claims, citations):
            told = "\n".join(claim.text + "".join(f" [{n}]" for n in claim.citations) for claim in claims)
            opening = f"{words.generated.format(name=name)}\n{told}"
    return "\n\n".join((opening.strip(), *(_source(citation, words, name, places) for citation in citations)))


def _source(citation: Citation, words: ReplyWords, name: str, places: Mapping[SourceId, str]) -> str:
    """A quote with whose it is below it. Every line of it is marked as quoted, and nothing else of it is touched."""
    text = citation.permitted.passage.text
    before, _, after = text.partition(citation.quote)
    line = words.source.format(
        n=citation.n,
        name=name,
        place=places.get(citation.source) or words.somewhere,
        date=citation.sent_at.date().isoformat() if citation.sent_at is not None else words.undated,
    )
    if citation.link is not None:
        line += words.link.format(link=citation.link)
    quoted = "> " + _LINE_END.sub(lambda end: f"{end.group()}> ", citation.quote)
    lines = (words.left_out if before.strip() else "", quoted, words.left_out if after.strip() else "", line)
    return "\n".join(each for each in lines if each)


def _stretch(text: str, asked: str) -> str:
    """The part of a passage to quote: all of it, or whole sentences round the one closest to the question."""
    text = text.strip()
    if len(text) <= MAX_QUOTE_CHARS:
        return text
    spans = sentences(text)
    wanted = set(content(asked))
    best = max(range(len(spans)), key=lambda at: len(wanted & set(content(text[spans[at]]))))
    first = last = best
    if spans[best].stop - spans[best].start > MAX_QUOTE_CHARS:
        return text[spans[best].start :][:MAX_QUOTE_CHARS]
    while True:
        # What follows explains more often than what stands before.
        if last + 1 < len(spans) and spans[last + 1].stop - spans[first].start <= MAX_QUOTE_CHARS:
            last += 1
        elif first > 0 and spans[last].stop - spans[first - 1].start <= MAX_QUOTE_CHARS:
            first -= 1
        else:
            return text[spans[first].start : spans[last].stop]


def _spanning(one: slice, other: slice) -> slice:
    """From the first to the last words that claims rest on, unless that is too much to show."""
    both = slice(min(one.start, other.start), max(one.stop, other.stop))
    return both if both.stop - both.start <= MAX_QUOTE_CHARS else one


def _check(citations: Sequence[Citation]) -> None:
    if not citations:
        raise ValueError("an answer rests on at least one citation")
    if len({citation.author for citation in citations}) != 1:
        raise ValueError("an answer is of one colleague")
    if [citation.n for citation in citations] != list(range(1, len(citations) + 1)):
        raise ValueError("citations are numbered from 1, in order")
