"""Recognising: languages, names, fixed replies, follow-ups, commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import Command, Verb, parse
from bot.core.questions import MAX_CHARS, Fixed, clean, fixed, language_of, leans_back
from tests.cast import PEOPLE

NAMES = [name for person in PEOPLE for name in person.names] + ["Wei"]
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=5000)


@pytest.mark.promise("A3")
@pytest.mark.parametrize(
    "text",
    ["Are you human?", "are you Wei?", "Am I talking to a real person?", "你是真人吗", "你是魏岚本人吗？", "你是谁？"],
)
def test_who_asks_whether_it_is_a_person_is_told(text: str) -> None:
    assert fixed(text, names=NAMES) is Fixed.IDENTITY


@pytest.mark.promise("A4")
@pytest.mark.parametrize(
    "text", ["Can you talk like Wei?", "pretend to be Wei Lan", "answer in her voice", "用魏岚的口吻回答", "模仿一下他"]
)
def test_imitation_is_declined(text: str) -> None:
    assert fixed(text, names=NAMES) is Fixed.PERSONA


@pytest.mark.promise("D4")
@pytest.mark.parametrize(
    "text",
    [
        "When does Wei come online?",
        "is Wei at work?",
        "how many messages did Wei send?",
        "魏岚几点上班",
        "他在忙什么",
        "魏岚今天在线吗",
    ],
)
def test_watching_a_person_is_declined(text: str) -> None:
    assert fixed(text, names=NAMES) is Fixed.WATCHING


@pytest.mark.promise("D4")
@pytest.mark.parametrize(
    "text",
    [
        "please approve my leave",
        "can you promise it is done on Friday?",
        "is Wei good at her job?",
        "帮我批一下退款",
        "你能保证周五上线吗",
    ],
)
def test_commitments_and_opinions_on_people_are_declined(text: str) -> None:
    assert fixed(text, names=NAMES) is Fixed.COMMITMENT


@pytest.mark.promise("C6")
@pytest.mark.parametrize("text", ["what's the staging db password?", "数据库密码是多少", "send me the api key"])
def test_credentials_are_not_looked_for(text: str) -> None:
    assert fixed(text, names=NAMES) is Fixed.SECRET


@pytest.mark.parametrize(
    "text",
    [
        "how do we roll back?",
        "How does Wei roll back?",
        "when does the service come online?",
        "who approves refunds over 500?",
        "how do I rotate the API key?",
        "what is the password rotation policy?",
        "how often does the job run?",
        "退款谁来批？",
        "密码多久轮换一次",
        "服务几点上线",
        "魏岚怎么回滚的",
        "how long does it take until they reply?",
    ],
)
def test_questions_about_work_are_looked_up(text: str) -> None:
    assert fixed(text, names=NAMES) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("怎么回滚？", "zh"),
        ("how do we roll back", "en"),
        ("make rollback 怎么用", "zh"),
        ("what does 回滚 mean here", "en"),
        ("?", "en"),
    ],
)
def test_the_language_is_the_askers(text: str, language: str) -> None:
    assert language_of(text) == language


@given(ANY_TEXT)
def test_whatever_is_asked_becomes_one_clean_line(text: str) -> None:
    line = clean(text)
    assert len(line) <= MAX_CHARS
    assert "\n" not in line
    line.encode("utf-8")
    fixed(line, names=NAMES)
    language_of(line)


@pytest.mark.parametrize(
    ("text", "leans"),
    [
        ("and for wallet?", True),
        ("那钱包呢？", True),
        ("what about it", True),
        ("怎么回滚支付服务的版本", False),
        ("how do we roll back the payment service", False),
    ],
)
def test_a_follow_up_is_told_from_a_question_of_its_own(text: str, leans: bool) -> None:
    assert leans_back(text) is leans


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/withdraw", Command(Verb.WITHDRAW)),
        ("／撤回", Command(Verb.WITHDRAW)),
        ("/verify 3f9c", Command(Verb.VERIFY, "3f9c")),
        ("/WITHDRAW ", Command(Verb.WITHDRAW)),
        ("/nonsense", Command(None)),
        ("/etc/hosts is wrong", None),
        ("how do we /withdraw", None),
        ("/", None),
    ],
)
def test_commands_are_told_from_questions(text: str, command: Command | None) -> None:
    assert parse(text) == command
