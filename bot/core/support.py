"""Support: does a sentence follow from the passages it cites, as far as that can be told without a model?

Decides by what can be checked: words quoted, numbers, names, links and code occur in a cited passage, negations agree,
enough words are shared. It cannot tell whether a true-sounding paraphrase is fair, so it errs towards cutting.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import Enum

from bot.core.facts import exact, facts, occurs, quoted, unquoted, without_dates
from bot.core.passages import Passage
from bot.core.questions import language_of
from bot.core.replies import Statement
from bot.core.sentences import clauses, sentences
from bot.core.terms import content

MAX_SENTENCE_CHARS = 600

LEAST_SHARED, LEAST_SHARED_BESIDE_QUOTE = 0.5, 0.2
"""Of a sentence's content terms, how many a cited passage must use; fewer where it also gives the words verbatim."""


class Flaw(Enum):
    """Why a sentence of a reply is cut."""

    UNCITED = "cites nothing"
    NO_SUCH_PASSAGE = "cites what it was not given"
    MISQUOTED = "quotes what the passage does not say"
    SPEAKS_AS_PERSON = "speaks as a person"
    IMITATES = "imitates a label, a source or a system line"
    INVENTED = "names what the passage does not"
    CONTRARY = "says the opposite"
    UNRELATED = "shares too little with the passage"
    TOO_LONG = "too long"


_FIRST_PERSON = re.compile(r"\bI\b(?!/)|\b(?i:me|my|mine|myself)\b|(?<!自)我(?!们|方|司|国)|本人|俺")
_I_AM = re.compile(
    r"\b(?:I am|I['’]m|[Mm]y name is|[Ss]peaking as)\s+(?!not\b)[A-Z]\w+|我(?:就是|叫|是)(?!说|想|否)|本人是|我本人"
)
_IMITATION = re.compile(
    r"[【】［］]|\[\s*\d|AI[\s\-–—·]{0,3}(?:生成|合成|generated)|人工智能生成|<\||</?\w|"
    r"^\W*(?:system|assistant|user|developer|系统|助手|用户|系统提示)\s*[:：]|^\W*(?:sources?|references?|来源|出处|引用)\s*[:：]",
    re.IGNORECASE,
)
# What the prompt asks for and no passage says: who said it, and that it was said.
_ATTRIBUTION = re.compile(
    r"\b(?:according to\s+)?(?:the|this)\s+colleague(?:['’]s)?\b|"
    r"\b(?:says?|said|writes?|wrote|written|notes?|noted|mentions?|mentioned)\b|"
    r"(?:根据)?(?:这位|该)同事|写道|写过|说过|提到|表示|指出",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(
    r"是不是|能不能|可不可以|要不要|会不会|有没有|行不行|对不对|是否|能否|可否|不过|不仅|不但|不断|不同|不管|不论|不如|不少|不错|差不多|对不起|不好意思|"
    r"无论|没关系|别人|别的|特别|级别|识别|分别|类别|区别|辨别|告别|性别|未来|非常|除非|莫名|"
    r"\bnot only\b|\bno problem\b|\bno\.\s*\d",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|none|nothing|nobody|neither|nor|without|avoid\w*|forbid\w*|forbidden|prohibit\w*|refus\w*|"
    r"unable|isnt|dont|cant|wont)\b|n['’]t\b|\bnon-|[不没無无勿未莫]|(?<![a-zA-Z])[别非](?=\S)|禁止|严禁|避免|拒绝|切忌",
    re.IGNORECASE,
)


def speaks_as_somebody(reply: str) -> bool:
    """Does the reply claim to be the person (A3)? Words in quotation marks are looked at elsewhere."""
    return bool(_I_AM.search(unquoted(reply)))


def judge(statement: Statement, given: Sequence[Passage], question: str) -> list[tuple[int, slice]] | Flaw:
    """What the sentence rests on: for each passage, by its index in `given`, the stretch of it. Or why it is cut.

    One citation that is wrong spoils its sentence; one whose quote says next to nothing just does not count.
    """
    text = statement.text
    if len(text) > MAX_SENTENCE_CHARS:
        return Flaw.TOO_LONG
    if _FIRST_PERSON.search(unquoted(text)):
        return Flaw.SPEAKS_AS_PERSON
    if _IMITATION.search(unicodedata.normalize("NFKC", unquoted(text))):
        return Flaw.IMITATES
    rests_on = _stretches(statement, given)
    if isinstance(rests_on, Flaw):
        return rests_on
    cited = [given[at] for at, _, _ in rests_on]
    days = [passage.sent_at.date() for passage in cited if passage.sent_at is not None]
    said = _ATTRIBUTION.sub(" ", without_dates(text, days))
    if _invents(said, cited, question):
        return Flaw.INVENTED
    verbatim = [(given[at].text, stretch) for at, stretch, quote in rests_on if quote]
    if _contrary(said, [passage.text for passage in cited], verbatim):
        return Flaw.CONTRARY
    if not _related(said, [passage.text for passage in cited], verbatim=len(verbatim) == len(rests_on)):
        return Flaw.UNRELATED
    return [(at, stretch) for at, stretch, _ in rests_on]


def locate(words: str, text: str) -> slice | None:
    """Where `text` has these words, blind to case, width, white space, invisible characters and styles of quotation
    marks. Whole words only: "able to" is not in "unable to"."""
    wanted = "".join(folded for folded, _ in _fold(words))
    letters = list(_fold(text))
    haystack = "".join(folded for folded, _ in letters)
    at = haystack.find(wanted) if wanted else -1
    while at >= 0:
        found = slice(letters[at][1], letters[at + len(wanted) - 1][1] + 1)
        if not _cuts_word(text, found.start) and not _cuts_word(text, found.stop):
            return found
        at = haystack.find(wanted, at + 1)
    return None


def _fold(text: str) -> Iterator[tuple[str, int]]:
    for at, character in enumerate(text):
        if character.isspace() or unicodedata.category(character)[0] == "C":
            continue
        normal = unicodedata.normalize("NFKC", character).lower()
        yield _SAME.get(character, normal if len(normal) == 1 else character), at


_SAME = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "‑": "-"}


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and all(c.isascii() and (c.isalnum() or c == "_") for c in text[at - 1 : at + 1])


def _stretches(statement: Statement, given: Sequence[Passage]) -> list[tuple[int, slice, bool]] | Flaw:
    """For each mark that counts: which passage, which stretch of it, and whether its words were given verbatim."""
    found: list[tuple[int, slice, bool]] = []
    for mark in statement.marks:
        if not 1 <= mark.n <= len(given):
            return Flaw.NO_SUCH_PASSAGE
        text = given[mark.n - 1].text
        if mark.quote is None:
            found.append((mark.n - 1, _closest(statement.text, text), False))
        elif says_something(mark.quote):
            stretch = locate(mark.quote.strip(" .。…"), text)
            if stretch is None:
                return Flaw.MISQUOTED
            found.append((mark.n - 1, stretch, True))
    return found or Flaw.UNCITED


def says_something(quote: str) -> bool:
    """Two words of content at least, or four characters of Chinese."""
    chinese = len(re.findall(r"[\u3400-\u9fff]", quote))
    words = sum(term.isascii() for term in content(quote))
    return words + chinese / 2 >= 2


def _closest(sentence: str, text: str) -> slice:
    """The sentence of a passage that shares most with a sentence which quotes nothing."""
    wanted = set(content(sentence))
    spans = sentences(text) or [slice(0, len(text))]
    return max(spans, key=lambda span: len(wanted & set(content(text[span]))))


def _invents(text: str, cited: Sequence[Passage], question: str) -> bool:
    source = "\n".join(passage.text for passage in cited)
    if any(locate(words, source) is None for words in quoted(text)):
        return True
    if not facts(text) <= facts(source, loose=True):
        return True
    return not all(occurs(token, source) for token in exact(text, named=question))


def _contrary(text: str, sources: Sequence[str], verbatim: Sequence[tuple[str, slice]]) -> bool:
    """Does a negation stand on one side only?

    Each clause is held against the clauses that share most with it, and the whole against those round the words given
    verbatim, so that half a quote does not lose its "not" and another language is looked at, too.
    """
    theirs = [source[clause] for source in dict.fromkeys(sources) for clause in clauses(source)]
    near = any(
        _negated(source[clause])
        for source, stretch in verbatim
        for clause in clauses(source)
        if clause.start < stretch.stop and stretch.start < clause.stop
    )
    if near and not _negated(text):
        return True
    for clause in (text[span] for span in clauses(text)):
        wanted = set(content(clause))
        shared = [len(wanted & set(content(other))) for other in theirs]
        most = max(shared, default=0)
        if most < 2 and (not wanted or most / len(wanted) < LEAST_SHARED):
            if _negated(clause) and not near:
                return True
            continue
        closest = [other for other, count in zip(theirs, shared, strict=True) if count == most]
        if all(_negated(other) != _negated(clause) for other in closest):
            return True
    return False


def _negated(text: str) -> bool:
    return bool(_NEGATION.search(_NEUTRAL.sub(" ", text)))


def _related(text: str, sources: Sequence[str], *, verbatim: bool) -> bool:
    source = "\n".join(sources)
    if language_of(text) != language_of(source):
        # No words to compare: then only the passage's own words will do.
        return verbatim
    wanted = set(content(text))
    if not wanted:
        return False
    share = len(wanted & set(content(source))) / len(wanted)
    return share >= (LEAST_SHARED_BESIDE_QUOTE if verbatim else LEAST_SHARED)
