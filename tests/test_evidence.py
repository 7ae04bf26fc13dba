"""Evidence: whether what was found speaks of what was asked at all.

The rule (more than half of a question's points) and its word lists are general; what they give is measured by
`byline eval` on whole sets, never fitted to single questions.
"""

from __future__ import annotations

import pytest

from bot.core.evidence import enough, points, spoken_of
from bot.core.passages import Passage, Piece
from tests.cast import DEPLOYS, NOW, WEI


def passage(text: str, *topics: str) -> Passage:
    return Passage(text[:8], WEI, DEPLOYS.id.as_source(), "t", (Piece("m", text, NOW),), topics)


ROLLBACK = passage("Roll the gateway back with make-rollback, then check the dashboard.")
REFUND = passage("退款先由客服登记，财务每周五统一处理。")


@pytest.mark.parametrize(
    ("question", "found", "expected"),
    [
        pytest.param("How do we roll back the gateway?", ROLLBACK, True, id="the same words"),
        pytest.param("How is the gateway rolled back?", ROLLBACK, True, id="other forms of them"),
        pytest.param("How is the mailbox encrypted?", ROLLBACK, False, id="about something else"),
        pytest.param("退款由谁登记？", REFUND, True, id="the same Chinese words"),
        pytest.param("机房的空调归谁管？", REFUND, False, id="other Chinese words"),
        pytest.param("When does finance process a refund?", REFUND, True, id="asked in English, told in Chinese"),
        pytest.param(
            "网关怎么回滚？", passage("The gateway: make-rollback is the rollback."), True, id="the other way round"
        ),
        pytest.param("Who owns the warehouse contract?", REFUND, False, id="asked in English about something else"),
    ],
)
def test_passages_answer_only_questions_about_what_they_speak_of(question: str, found: Passage, expected: bool) -> None:
    assert enough(question, [found]) is expected


def test_nothing_found_is_not_enough() -> None:
    assert not enough("How do we roll back the gateway?", [])


def test_a_version_that_nobody_speaks_of_is_not_made_up_for_by_the_words_round_it() -> None:
    released = passage("Handbook v1.4 was released to the client on Friday.")
    assert enough("When was handbook v1.4 released to the client?", [released])
    assert not enough("When was handbook v1.5 released to the client?", [released])


def test_topic_terms_speak_for_a_passage_too() -> None:
    assert not enough("How is the index rebuilt?", [passage("make again, then wait")])
    assert enough("How is the index rebuilt?", [passage("make again, then wait", "index", "rebuilt")])


def test_several_passages_speak_together() -> None:
    asked = "Which dashboard and which alert watch the gateway?"
    one, other = passage("The dashboard is on the wall."), passage("The alert watches the gateway.")
    assert spoken_of(asked, [one]) < spoken_of(asked, [one, other]) == 1.0


@pytest.mark.promise("C6")
@pytest.mark.parametrize(
    "question",
    ["What is the phone number?", "手机号是多少？", "家庭住址在哪里", "How much does she earn?", "年终奖有多少"],
)
def test_what_is_never_kept_is_never_answered(question: str) -> None:
    assert not enough(question, [passage("phone number address earn 手机号 家庭住址 年终奖")])


def test_handling_such_data_may_be_asked_about() -> None:
    assert enough("日志里的手机号怎么脱敏？", [passage("日志里的手机号先脱敏再写盘。")])


def test_words_that_say_how_when_or_how_much_are_no_points() -> None:
    assert points("When did it happen for the first time, and how many times?") == ()
    assert points("什么时候开始的，一共几次？") == ()
    assert spoken_of("what is it?", [ROLLBACK]) == 0.0
