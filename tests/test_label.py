"""The label: on everything, whatever the text tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.label import LabelWords, is_labelled, label
from bot.wording import Wording

ZH = Wording.load().label("zh", somebody=True)
EN = Wording.load().label("en", somebody=True)
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=3000)


@pytest.mark.promise("A1")
@given(body=ANY_TEXT, name=st.text(max_size=12), words=st.sampled_from([ZH, EN]), max_chars=st.integers(400, 2000))
def test_every_part_of_whatever_text_begins_with_the_label(
    body: str, name: str, words: LabelWords, max_chars: int
) -> None:
    parts = label(body, words=words, name=name, max_chars=max_chars)
    assert parts
    assert all(is_labelled(part.text) for part in parts)
    assert all(len(part.text) <= max_chars for part in parts)


@given(body=st.text(st.characters(exclude_categories=["Cs"]), max_size=3000))
def test_splitting_loses_nothing_but_line_ends(body: str) -> None:
    parts = label(body, words=LabelWords("AI 生成", ""), name="x", max_chars=60)
    said = "".join(part.text.removeprefix("AI 生成\n") for part in parts)
    assert said.replace("\n", "") == body.replace("\n", "")


@pytest.mark.promise("A1")
@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("【AI生成】魏岚的工作流助手（AI，非本人）\n好的", True),
        ("[AI生成 · AI-generated] Wei's workflow assistant (AI, not Wei)", True),
        ("【Ａ\u200bＩ生\u202e成】全角和零宽字符也算", True),
        ("人工智能合成", True),
        ("AI-generated, but the other word is missing", False),
        ("生成", False),
        (" " * 70 + "AI 生成", False),
        ("", False),
    ],
)
def test_what_counts_as_labelled(text: str, labelled: bool) -> None:
    assert is_labelled(text) is labelled


def test_words_that_are_no_label_are_refused() -> None:
    with pytest.raises(ValueError, match="does not say"):
        label("text", words=LabelWords("Wei's assistant", ""), name="Wei", max_chars=1000)


def test_a_name_cannot_push_the_label_out_of_sight() -> None:
    parts = label("text", words=LabelWords("{name} AI 生成", ""), name="x" * 10, max_chars=1000)
    assert is_labelled(parts[0].text)
    with pytest.raises(ValueError, match="does not say"):
        label("text", words=LabelWords("{name} AI 生成", ""), name="x" * 100, max_chars=1000)
