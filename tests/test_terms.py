"""Terms: what texts are found by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.bilingual import chinese_words, in_chinese, in_english, translated
from bot.core.terms import MAX_TERM_CHARS, content, is_agreement, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Run make-rollback", ("run", "make-rollback", "make", "rollback"), id="hyphenated"),
        pytest.param("svc_order", ("svc_order", "svc", "order"), id="snake case"),
        pytest.param("v2.3.1", ("v2.3.1", "v2"), id="a version, without its lone figures"),
        pytest.param("deploy/api.py", ("deploy/api.py", "deploy", "api", "py"), id="a path"),
        pytest.param("OrderService", ("orderservice", "order", "servic"), id="camel case"),
        pytest.param("ＡＰＩ", ("api",), id="full width"),
        pytest.param("灰度发布", ("灰度", "度发", "发布"), id="pairs of characters"),
        pytest.param("看 API 表", ("看", "api", "表"), id="lone characters among words"),
        pytest.param("", (), id="empty"),
        pytest.param("👍 … !", (), id="no words"),
    ],
)
def test_words_identifiers_and_pairs_of_characters_are_terms_in_order(text: str, expected: tuple[str, ...]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize("form", ["release", "releases", "released", "releasing", "RELEASE", "release's"])
def test_the_regular_forms_of_an_english_word_are_one_term(form: str) -> None:
    assert terms(form) == terms("release")


@pytest.mark.parametrize(
    "pair", [("status", "statu"), ("analysis", "analysi"), ("process", "proces"), ("data", "date")]
)
def test_words_that_only_look_like_another_form_stay_apart(pair: tuple[str, str]) -> None:
    assert terms(pair[0]) != terms(pair[1])


def test_repeats_are_kept_for_bm25_counts_them() -> None:
    assert terms("rollback, then rollback") == ("rollback", "then", "rollback")


def test_the_token_that_stands_for_a_name_is_no_term() -> None:
    assert terms("[colleague] rolls back") == terms("rolls back")


def test_words_that_only_ask_carry_no_content() -> None:
    assert content("How do we roll it back?") == ("roll", "back")
    assert content("请问灰度是怎么做的？") == ("灰度",)


@pytest.mark.parametrize(
    "text", ["ok", "OK, thanks!", "好的", "收到收到", "嗯嗯，明白了", "👍", "+", "Great, will do."]
)
def test_agreement_alone_answers_nothing(text: str) -> None:
    assert is_agreement(text)


@pytest.mark.parametrize(
    "text", ["ok, the rollback is done at 9", "好的，周三发布", "3", "no, use staging", "https://x.test/a"]
)
def test_agreement_that_says_something_is_more_than_agreement(text: str) -> None:
    assert not is_agreement(text)


@given(st.text())
def test_any_text_has_terms_without_spaces_and_of_bounded_length(text: str) -> None:
    for term in terms(text):
        assert term
        assert not any(character.isspace() for character in term)
        assert len(term) <= MAX_TERM_CHARS * 3  # folding case may lengthen a character


def test_a_word_of_work_is_known_by_its_name_in_the_other_language() -> None:
    assert ("rollback",) in in_english("回滚")
    assert terms("回滚") in in_chinese("rollback")


def test_english_words_are_looked_up_in_whatever_form_they_stand() -> None:
    assert set(terms("发布")) <= set(translated("who released it?"))


def test_the_longest_chinese_word_counts() -> None:
    assert chinese_words("单元测试") == ["单元测试"]
