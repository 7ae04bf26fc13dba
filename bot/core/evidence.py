"""Evidence: do the passages that were found speak of what was asked at all?

Decided without a model, from what is at hand when answering: the question and the passages that may be shown. The
scores of a search say which passage is nearest, not whether near is near enough; so a question is taken apart into its
points, the things it is about, and the passages must speak of enough of them. Not decided here: what may be shown
(`core.gate`) and what is said (`core.compose`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache

from bot.core.bilingual import Terms, chinese_words, in_chinese, in_english
from bot.core.passages import Passage
from bot.core.terms import content, terms

LOOKED_AT = 20
"""So many of the first passages are looked at."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a question is about.

    `names` are the ways to say it, in either language, each as its terms, all of which must occur. `run` is Chinese
    text that the table of words does not know; each pair of its characters that occurs counts for its share. `exact` is
    set for a version, a code or the like, for which nothing else will do.
    """

    names: tuple[Terms, ...]
    run: str = ""
    exact: bool = False

    def covered(self, said: AbstractSet[str]) -> float:
        """How far `said` speaks of it, from 0 to 1."""
        if any(said >= set(name) for name in self.names):
            return 1.0
        spoken = {at + step for at in range(len(self.run) - 1) if self.run[at : at + 2] in said for step in (0, 1)}
        return len(spoken) / len(self.run) if self.run else 0.0


def enough(question: str, passages: Sequence[Passage]) -> bool:
    """Do these passages, best first, speak of more than half of what the question is about?

    `question` is its text without colleagues' names (`core.rank.naming`). Passages of all who may be shown belong here,
    also where one colleague's are quoted in the end: several seldom use all the words of a question, and one less so.
    """
    return bool(passages) and not _NEVER_KEPT.search(question) and spoken_of(question, passages) > 1 / 2


def spoken_of(question: str, passages: Sequence[Passage]) -> float:
    """The share of the question's points that the passages speak of, from 0 to 1; 0 where it has none:
    what asks about nothing is answered by nothing.

    Without one of its exact points (a version, a code) the rest counts half.
    """
    asked = points(question)
    if not asked:
        return 0.0
    said = {term for each in passages[:LOOKED_AT] for term in (*terms(each.text), *each.topics)}
    covered = [(point, point.covered(said)) for point in asked]
    share = sum(each for _, each in covered) / len(covered)
    return share / 2 if any(point.exact and not each for point, each in covered) else share


def points(question: str) -> tuple[Point, ...]:
    """What a question is about, without the words that say how it is asked, when, or how much."""
    return tuple(_points(question))


def _points(question: str) -> Iterator[Point]:
    rest = _CHINESE_VAGUE.sub(" ", question)
    for word in chinese_words(rest):
        yield Point((terms(word), *in_english(word)))
        rest = rest.replace(word, " ", 1)
    for run in _CHINESE.findall(rest):
        for piece in _CHINESE_GLUE.split(run):
            if len(piece) > 1:
                yield Point((), piece)
    latin = _CHINESE.sub(" ", rest)
    exact = {terms(word)[0] for word in _CODE.findall(latin)}
    among_chinese = bool(_CHINESE.search(question))
    for term in dict.fromkeys(content(latin)):
        if term.isdigit() or term in _vague():
            continue
        yield Point(((term,), *in_chinese(term)), exact=term in exact or (among_chinese and term.isascii()))


@cache
def _vague() -> frozenset[str]:
    return frozenset(term for word in _ENGLISH_VAGUE.split() for term in (word, *terms(word)))


_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_CODE = re.compile(r"[A-Za-z]+[-._/@]?\d[\w.@/-]*|\d+[-._/@]?[A-Za-z][\w.@/-]*|\w*[a-z][A-Z]\w*|[A-Z]{2,}\w*")
_CHINESE_GLUE = re.compile(
    r"[的了吗呢吧啊呀么是在有和与及或也都就还又被把让给从到对请问谁这那哪其之多少什怎几日月年天次后前上下中来去做能会可要很更最]+"
)
_CHINESE_VAGUE = re.compile(
    r"[一二三四五六七八九十两几每第]+[个次天份家种年期月日号周]|\d+[月日号年]|什么时候|多久|多少|分别|先后|之前|之后|以前|以后|最后|最终|最近|"
    r"目前|当前|开始|结束|使用|发现|出现|直接|要求|时间|日期|问题|情况|原因|方式|方法|东西|事情|内容|部分|今年|去年|明年|今天|昨天|明天|"
    r"后来|当时|具体|主要|相关|其[他它]|大概|到底|究竟|一般|通常|一共|总共|曾经|提到|说过|认为|觉得|知道|希望|想要|打算|需要|月份|为什么|怎么"
)
# What is dropped before anything is kept (C6) answers no question, whatever else the passages say.
_NEVER_KEPT = re.compile(
    r"(?:手机号码?|电话号码?|家庭住址|住址|身份证号?码?|银行卡号?|护照号?码?|工资|薪资|薪水|年终奖|绩效|病假|病情|住院|怀孕|体检结果)"
    r"(?:.{0,4}(?:多少|什么|哪|几|谁)|[?？]?$)"
    r"|\b(?:what|which|tell me|give me|send me)\b.{0,12}"
    r"\b(?:(?:phone|mobile|cell|passport|id|bank|card)(?: card| account)? number|home address|salary|bonus|"
    r"performance (?:grade|rating|review)|medical|illness)\b"
    r"|\bhow much (?:does|do|did|is|are)\b.{0,20}\b(?:earn|make|paid)\b|\b(?:on sick leave|in hospital|pregnant)\b",
    re.IGNORECASE,
)
_ENGLISH_VAGUE = """
    one two three four five six seven eight nine ten first second third last next many few several often long high low
    big small come came go went gone take took taken make made use used using find found give gave given say said tell
    told know work worked happen happened kind type way part time day week month year date today yesterday tomorrow
    number amount person people someone name thing item list end start begin become need needed want wanted try tried
    look looked see saw seen show shown ask asked call called keep kept put set run left hard new old good bad right
    currently current recent recently still yet ever another different main major specific exact exactly total finally
    per each every between within during against via including involve related regarding later earlier early late back
    down able january february march april may june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday
"""
