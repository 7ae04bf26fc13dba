"""Terms: the words that texts are found by, the same for what is kept and for what is asked.

Decides how a text is cut into terms, which of them carry content, and which words are mere agreement. Knows nothing of
how often a term occurs elsewhere: weighing is `core.rank`'s.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Scripts written without spaces (kana, Han, Hangul, and their supplements): cut into overlapping pairs of characters.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+(?:[-._/:@+'’][^\W{_UNSPACED}]+)*")
_JOINT = re.compile(r"[-._/:@+]+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")
_INNER_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ROLE = re.compile(r"\[(?:colleague|customer)\]")
_POSSESSIVE = re.compile(r"['’]s\b")

MAX_TERM_CHARS = 64
"""Longer runs (keys, encoded blobs) are no words that anybody searches by; they are cut to this length."""

_ENGLISH = """
    a about after again all also am an and any anyone are as at be because been before being both but by can could
    did do does doing done during each ever every for from get gets getting got had has have having he her here hers him
    his how i if in into is it its itself just let like me might more most much my no nor not now of off on once one or
    other our ours out over own please s same she should so some something such t than that the their theirs them then
    there these they thing things this those through to too until up us very was we well were what when where which
    while who whom whose why will with would yes you your yours im ive id dont doesnt didnt isnt wasnt cant couldnt
    wouldnt wont whats thats theres youre were theyre hes shes lets
"""
# Pairs that only ask, point or glue; so does every pair with one of the characters of _GLUE in it.
_PAIRS = """
    什么 怎么 怎样 么样 如何 哪些 哪个 哪里 哪儿 为什 为何 多少 几个 是否 是不 不是 有没 没有 可以 能否 能不
    我们 你们 他们 她们 咱们 大家 这个 那个 这些 那些 这样 那样 现在 一下 一个 还是 或者 以及 但是 因为 所以 如果
    的话 请问 谁是 谁来 时候 么时 就是 已经 需要 应该 进行 关于 对于 其中
"""
_GLUE = frozenset("的了吗呢吧啊呀哦嘛么是在有和与及或也都就还又被把让给从到对请问谁这那哪其之")

_AGREEING = """
    ok okay okey k kk yes yep yeah yup no nope sure thanks thank thx ty you very much welcome great good nice cool got
    it done hi hello hey morning bye night fine alright right lol haha hmm hm oh ah ic noted roger ack np sorry wow well
    the so that is i see will do please all agreed
"""
_AGREEMENT = frozenset(_AGREEING.split())
_AGREEMENT_UNSPACED = re.compile(
    r"(?:好的?|好滴|收到|明白|了解|知道了?|嗯+|恩|行|可以|没问题|谢谢|多谢|辛苦了?|感谢|是的?|对的?|哈+|嘿|早|大家早|早上好|晚安|再见|"
    r"同意|赞|赞同|不客气|没事|在|在的|来了|OK|没有|哦+|噢|啊|呢|吧|呀|啦|哒|了|大家)+",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\W_]+")


def terms(text: str) -> tuple[str, ...]:
    """The terms of a text in order, repeats kept.

    Words are folded in case, width and their regular English endings. Identifiers (`make-rollback`, `svc_order`,
    `v2.3.1`, `deploy/api.py`) come whole and then in their parts; unspaced scripts as pairs of characters, a lone
    character as itself.
    """
    return tuple(_each(text))


def content(text: str) -> tuple[str, ...]:
    """The terms that say what a text is about: `terms` without words that only ask, point or glue."""
    return tuple(term for term in _each(text) if not is_stop(term))


def is_stop(term: str) -> bool:
    """Does this term carry no content of its own?"""
    if term in _STOP:
        return True
    return len(term) <= 2 and not term.isascii() and any(character in _GLUE for character in term)


def is_agreement(text: str) -> bool:
    """Does the text only agree, greet or thank ("ok", 收到, an emoji), so that alone it answers nothing?"""
    bare = _MARKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    if not bare:
        return True
    return all(word.casefold() in _AGREEMENT or _AGREEMENT_UNSPACED.fullmatch(word) for word in bare.split())


def _each(text: str) -> Iterator[str]:
    if "[" in text:
        text = _ROLE.sub(" ", text)  # what redaction puts for a name is nobody's word
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    for run in _RUN.findall(text):
        if _UNSPACED_RUN.match(run):
            if len(run) == 1:
                yield run
            else:
                for at in range(len(run) - 1):
                    yield run[at : at + 2]
        else:
            yield from _word(run)


@lru_cache(maxsize=65536)
def _word(run: str) -> tuple[str, ...]:
    run = _POSSESSIVE.sub("", run).replace("'", "").replace("’", "")[:MAX_TERM_CHARS]
    parts = [part for piece in _JOINT.split(run) for part in piece.split("_") if part]
    humps = [hump for part in parts for hump in _INNER_CASE.split(part)]
    whole = run.casefold()
    if len(parts) <= 1 and len(humps) <= 1:
        return (_fold(whole),) if whole else ()
    # Single characters of a version or a path are noise apart from it.
    return (whole, *(_fold(hump.casefold()) for hump in humps if len(hump) > 1))


def _fold(word: str) -> str:
    """Fold the regular endings of English: plurals (Harman's S stemmer), then -ing and -ed, then a last -e.

    What is left need not be a word (`releas`); it only has to be the same for `release`, `released` and `releasing`.
    Words with figures in them stay as they are.
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("us", "ss", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and any(vowel in stem for vowel in "aeiouy"):
            undoubled = stem[-1] == stem[-2] and stem[-1] not in "lsz"
            word = stem[:-1] if undoubled else stem
            break
    return word.removesuffix("e") if len(word) > 4 else word


_STOP = frozenset(term for word in (_ENGLISH + _PAIRS).split() for term in (word, *terms(word)))
