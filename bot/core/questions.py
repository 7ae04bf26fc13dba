"""Questions: what is asked, by whom, about whom, where; and those that are answered the same way whoever asks.

Recognising is by patterns, in Chinese and English, and decides only which fixed reply is given; the replies themselves
stand in prompts/. A pattern that misses costs a normal, cited answer; one that fires wrongly costs a colleague's words
going unheard, so each wants the person or the assistant addressed in the sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from bot.core.people import PersonId, Place, PlaceId

Language = Literal["zh", "en"]

MAX_CHARS = 2000
"""A question is read this far; the rest of a longer message is not a question any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, bound to one tenant by `place` and `asker`, which come from the platform and never from text (D6).

    `alone` says that only the asker will read the answer (D3); it is always so in a one-to-one place. `asker_reads` are
    the places whose readers include the asker, as the platform's roster says now. `subject` is the text without
    people's names, and `named` whom it names. `colleague` is set where the asker chose one otherwise than by name, and
    nobody else's words are searched then. `earlier` is the subject of the question before this one in the same thread.
    """

    id: str
    text: str
    subject: str
    language: Language
    asker: PersonId
    place: Place
    alone: bool
    asker_is_outsider: bool = False
    asker_reads: frozenset[PlaceId] = frozenset()
    named: frozenset[PersonId] = frozenset()
    colleague: PersonId | None = None
    earlier: str | None = None

    @property
    def searched(self) -> str:
        """What is searched for: a follow-up leans on the question before it."""
        return f"{self.earlier}\n{self.subject}" if self.earlier and leans_back(self.text) else self.subject


class Fixed(Enum):
    """Questions with a fixed reply that no model writes. The value is the key of the reply in prompts/."""

    IDENTITY = "identity"
    PERSONA = "persona"
    WATCHING = "watching"
    COMMITMENT = "commitment"
    SECRET = "secret"  # noqa: S105  (the name of a reply, not a credential)


def language_of(text: str) -> Language:
    """Chinese if there are at least as many Chinese characters as words in Latin letters, else English."""
    chinese = len(re.findall(r"[㐀-鿿]", text))
    latin = len(re.findall(r"[A-Za-z]+", text))
    return "zh" if chinese and chinese >= latin else "en"


def clean(text: str) -> str:
    """NFKC on one line, without control, zero-width and bidi characters or lone surrogates; at most MAX_CHARS."""
    normal = unicodedata.normalize("NFKC", text[: MAX_CHARS * 2])
    visible = "".join(" " if unicodedata.category(c) == "Cc" else c for c in normal if not _hidden(c))
    return " ".join(visible.split())[:MAX_CHARS]


def fixed(text: str, *, names: Sequence[str]) -> Fixed | None:
    """Which fixed reply this question gets, None for a question to be answered. `names` are all names of colleagues."""
    somebody = "|".join([*(re.escape(name) for name in sorted(names, key=len, reverse=True) if name), _PRONOUNS])
    for kind, patterns in _PATTERNS.items():
        for pattern in patterns:
            if re.search(pattern.replace("{who}", f"(?:{somebody})"), text, re.IGNORECASE):
                return kind
    return None


def leans_back(text: str) -> bool:
    """Does this make sense only after the question before it?"""
    few = len(re.findall(r"[A-Za-z0-9]+", text)) + len(re.findall(r"[㐀-鿿]", text)) / 2 < 3
    return few or bool(re.search(_LEANS_BACK, text, re.IGNORECASE))


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Cs", "Co", "Cn")


_PRONOUNS = r"\b(?:he|she|they|him|her|them)\b|[他她]们?|TA\b|对方|本人"

_TIED_TO_HOURS = (
    r"(?:(?:come|go|get|be|back) (?:online|offline)|log(?:ged)? ?(?:in|on|off|out)|at work|at (?:his|her|their) desk|"
    r"arrive|start work|finish work|clock|awake|asleep|on a break|reply|replies|respond|come in|go home)"
)

_PATTERNS: dict[Fixed, tuple[str, ...]] = {
    Fixed.IDENTITY: (
        r"\bare you (?:really |actually |just |even )?(?:an? )?(?:real |actual )?"
        r"(?:human|person|bot|robot|ai|machine|{who})\b",
        r"\b(?:am i|is this) (?:really |actually )?(?:talking to |speaking (?:to|with) |chatting with )?"
        r"(?:an? )?(?:real )?(?:human|person|bot|robot|ai|{who})\b",
        r"\b(?:who|what) (?:exactly )?are you\b",
        r"你(?:真的|到底|究竟|其实)?是不?是?.{0,6}(?:真人|人类|机器人|人工智能|AI|{who})",
        r"(?:你是谁|你是什么(?:东西|人)?[？?]?$|你叫什么)",
        r"(?:这|对面|后面).{0,3}是不?是?.{0,4}(?:真人|{who}本人|机器人)",
    ),
    Fixed.PERSONA: (
        r"\b(?:talk|speak|write|reply|answer|sound|respond|joke|swear)\b.{0,20}"
        r"\b(?:like|as if you (?:are|were)|as) {who}",
        r"\b(?:pretend (?:to be|you(?:'re| are))|act (?:as|like)|role-?play(?: as)?|impersonate|imitate|mimic) {who}",
        r"\bin (?:{who}(?:'s)?|his|her|their) (?:own )?(?:voice|tone|style|manner)\b",
        r"(?:模仿|扮演|假装(?:是|成)?|装作|冒充|学)(?:一下)?.{0,4}{who}",
        r"(?:用|以|按照?).{0,4}{who}.{0,6}(?:口吻|语气|口气|风格|腔调|身份|方式说)",
        r"(?:像|学).{0,3}{who}.{0,4}(?:那样|一样)(?:说|讲|聊|回)",
    ),
    Fixed.WATCHING: (
        r"\bwhen (?:does|did|do|is|was|will) {who}\b.{0,20}\b" + _TIED_TO_HOURS + r"\b",
        r"\bis {who} (?:online|offline|available|busy|awake|at work|at (?:his|her|their) desk|in the office|"
        r"slacking|around)\b",
        r"\bwhere is {who}(?: now| right now| today)?\s*\??$",
        r"\bwhat is {who} (?:doing|up to|working on right now)\b",
        r"\bhow (?:many (?:messages|hours|commits|tickets)|much time)\b.{0,15}\b(?:does|did|do|has|have) {who}\b",
        r"\bhow (?:often|fast|long|late)\b.{0,15}\b(?:does|did|do|is) {who}\b.{0,20}\b" + _TIED_TO_HOURS + r"\b",
        r"\bwhat time does {who}\b",
        r"{who}.{0,6}(?:几点|什么时候|多久|多少(?:条|次|小时)).{0,8}"
        r"(?:上线|在线|下线|上班|下班|到岗|来公司|打卡|回复|回消息|休息|吃饭|睡)",
        r"{who}.{0,4}(?:现在|今天|刚才|此刻|最近)?.{0,2}"
        r"(?:在线吗|在吗|在不在|在干(?:嘛|什么|啥)|在忙(?:什么|啥|吗)|上班了吗|来了吗|下班了吗|摸鱼)",
        r"{who}.{0,6}(?:在哪儿?|人呢|请假了吗|迟到|早退)",
        r"(?:监控|盯着|统计|看看).{0,6}{who}.{0,10}(?:发了?多少|在线|工作时长|回复(?:速度|时间)|加班)",
    ),
    Fixed.COMMITMENT: (
        r"\b(?:can|could|will|would) you (?:please )?"
        r"(?:approve|sign off|authori[sz]e|grant me|promise|guarantee|commit)\b",
        r"^(?:please |pls )?(?:approve|sign off(?: on)?|authori[sz]e) (?:my|this|the|our)\b",
        r"\b(?:do|can|could) (?:you|{who}) (?:promise|guarantee|commit|ensure)\b",
        r"\bwhat do(?:es)? (?:you|{who}) (?:really |honestly )?think (?:of|about) {who}(?!['’\w])",
        r"\bis {who} (?:good|bad|competent|reliable|lazy|smart|any good|trustworthy|difficult)\b",
        r"\bhow much (?:does|is|do) {who} (?:earn|make|paid)\b",
        r"\bwhat(?:'s| is| was) {who}(?:'s)? "
        r"(?:salary|pay|bonus|appraisal|(?:performance )?(?:rating|grade|review|score))\b",
        r"\bshould (?:we|i) (?:fire|hire|promote|sue|lay off|dismiss)\b",
        r"(?:帮(?:我|忙|我们)?|替我|给我)(?:批|审批|批准|签|通过)(?:一下|了|个)?",
        r"(?:你|您|{who})(?:能不能|能|可以|可不可以)?(?:批准|同意|答应|保证|承诺|担保)",
        r"(?:你|您|{who})(?:觉得|认为|怎么看).{0,6}{who}.{0,6}(?:怎么样|如何|人|行不行|靠谱|能力)",
        r"{who}.{0,4}(?:人怎么样|靠谱吗|能力怎么样|行不行|好相处吗)",
        r"{who}.{0,4}(?:工资|薪资|薪水|奖金|年终奖|绩效|收入|考核)(?:是|有|拿|多少|怎么样|如何|几)",
        r"(?:该不该|应不应该|要不要)(?:开除|辞退|裁掉|起诉|录用|提拔)",
    ),
    Fixed.SECRET: (
        r"\b(?:what(?:'s| is| are| was)|give me|send me|tell me|share|show me|remind me of|need)\b[^?.!]{0,40}"
        r"\b(?:password|passphrase|passcode|(?:api|secret|access|private)[ _-]?key|(?:access|api) token|credentials?)\b"
        r"(?! (?:polic|rotat|reset|manag|process|rule|length|format|procedure|requirement))",
        r"(?:密码|口令|密钥|私钥|令牌|验证码|凭证|凭据|api ?key|token|access ?key)(?:现在|目前|到底)?"
        r"(?:是什么|是多少|是啥|多少|发我|发给我|给我|告诉我)",
        r"(?:把|发我?|给我|告诉我|求)[^，。？?]{0,14}(?:密码|口令|密钥|私钥|令牌|api ?key|access ?key)"
        r"(?:$|[？?。！!吧呢]|发|给|一下)",
    ),
}

_LEANS_BACK = (
    r"^(?:and|but|so|then|ok|okay|what about|how about|what if|which one)\b|^(?:why|who|when|where)\s*\?*$"
    r"|\b(?:it|that|this|those|these|they|them|the same|instead|afterwards|after that|before that)\b"
    r"|^(?:那|然后|之后|接着|还有|为什么|如果|要是)"
    r"|(?:它|这个|那个|这一步|上面|刚才|刚刚|呢[？?]?$)"
)
