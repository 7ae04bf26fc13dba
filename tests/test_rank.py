"""Ranking: which of the passages found come first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.passages import Passage, Piece
from bot.core.people import Person, PersonId
from bot.core.rank import (
    CANDIDATES,
    LENDS_FOR,
    MATCHING,
    Match,
    Matches,
    Near,
    Ranked,
    best_colleague,
    bm25,
    fuse,
    matching_limit,
    naming,
    settle,
    sought,
)
from tests.cast import CHEN, DEPLOYS, LIN, NOW, PEOPLE, WEI

NOTHING = Matches((), 0, 0, ())


def match(
    passage: str, *counts: int, colleague: PersonId = WEI, topics: tuple[int, ...] = (), length: int = 10
) -> Match:
    return Match(passage, colleague, counts, topics or (0,) * len(counts), length)


def matches(*found: Match, having: tuple[int, ...]) -> Matches:
    return Matches(found, passages=100, total_length=1000, having=having)


def passage(id: str, *, author: PersonId = WEI, at: datetime | None = NOW, thread: str = "t") -> Passage:  # noqa: A002  (a passage's id)
    return Passage(id, author, DEPLOYS.id.as_source(), thread, (Piece(f"m-{id}", id, at),))


def ranked(id: str, score: float, *, colleague: PersonId = WEI) -> Ranked:  # noqa: A002  (a passage's id)
    return Ranked(id, colleague, score, None, 0.0)


def order(found: list[Ranked]) -> list[str]:
    return [each.passage for each in found]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    found = matches(match("common", 1, 0), match("rare", 0, 1), having=(60, 2))
    assert [each.passage for each, _ in bm25(found)] == ["rare", "common"]


def test_a_word_in_the_text_counts_more_than_one_in_the_topic_terms() -> None:
    found = matches(match("topic", 0, topics=(1,)), match("text", 1), having=(5,))
    assert [each.passage for each, _ in bm25(found)] == ["text", "topic"]


def test_the_shorter_of_two_passages_that_say_it_comes_first() -> None:
    found = matches(match("long", 1, length=80), match("short", 1, length=5), having=(5,))
    assert [each.passage for each, _ in bm25(found)] == ["short", "long"]


def test_scores_compare_across_profiles() -> None:
    found = matches(match("a", 1, colleague=WEI), match("b", 1, colleague=LIN), having=(5,))
    assert len({score for _, score in bm25(found)}) == 1


def test_what_both_legs_find_comes_before_what_one_finds() -> None:
    near = [Near("vector", WEI, 0.90), Near("both", WEI, 0.89), Near("far", WEI, 0.80)]
    words = matches(match("words", 1), match("both", 1), having=(5,))
    assert order(fuse(near, words))[0] == "both"


def test_each_leg_alone_is_enough_to_be_found() -> None:
    assert order(fuse([Near("a", WEI, 0.9), Near("b", WEI, 0.8)], NOTHING)) == ["a", "b"]
    assert order(fuse([], matches(match("a", 2), match("b", 1), having=(5,)))) == ["a", "b"]
    assert fuse([], NOTHING) == []


def test_where_cosines_hardly_differ_the_words_decide() -> None:
    words = matches(match("words", 1), having=(5,))
    alike = [Near("vector", WEI, 0.851), Near("words", WEI, 0.850)]
    apart = [Near("vector", WEI, 0.95), Near("words", WEI, 0.80)]
    assert order(fuse(alike, words)) == ["words", "vector"]
    assert fuse(apart, words)[0].score == pytest.approx(fuse(apart, words)[1].score)


def test_the_colleague_whom_the_question_names_comes_first_among_equals() -> None:
    near = [Near("a", WEI, 0.9), Near("b", LIN, 0.9), Near("c", CHEN, 0.9)]
    assert order(fuse(near, NOTHING, named={LIN}))[0] == "b"


def test_at_most_so_many_candidates_are_read() -> None:
    near = [Near(str(at), WEI, 0.9 - at / 10_000) for at in range(CANDIDATES + 50)]
    assert len(fuse(near, NOTHING)) == CANDIDATES


def test_an_answer_rises_beside_the_message_that_has_the_questions_words() -> None:
    """Twins: the same scores, but in the second case the answer stands in another thread."""
    scores = [ranked("asked", 1.0), ranked("other", 0.4), ranked("answer", 0.3)]
    asked, other = passage("asked"), passage("other", thread="u")
    answer = passage("answer", author=LIN, at=NOW + timedelta(minutes=1))
    assert order(settle(scores, [asked, other, answer])) == ["asked", "answer", "other"]
    assert order(settle(scores, [asked, other, replace(answer, thread="v")])) == ["asked", "other", "answer"]


def test_what_stands_far_from_it_in_time_rises_less() -> None:
    scores = [ranked("asked", 1.0), ranked("late", 0.3), ranked("soon", 0.3)]
    late, soon = passage("late", at=NOW + 20 * LENDS_FOR), passage("soon", at=NOW + LENDS_FOR / 10)
    assert order(settle(scores, [passage("asked"), late, soon])) == ["asked", "soon", "late"]


def test_what_comes_after_rises_more_than_what_came_before() -> None:
    scores = [ranked("asked", 1.0), ranked("before", 0.3), ranked("after", 0.3)]
    before, after = passage("before", at=NOW - timedelta(minutes=1)), passage("after", at=NOW + timedelta(minutes=1))
    assert order(settle(scores, [passage("asked"), before, after])) == ["asked", "after", "before"]


@pytest.mark.promise("D8")
def test_newer_comes_first_among_equals() -> None:
    old, new = passage("old", thread="a"), passage("new", thread="b", at=NOW + timedelta(days=1))
    undated = passage("undated", thread="c", at=None)
    scores = [ranked("old", 0.5), ranked("undated", 0.5), ranked("new", 0.5)]
    assert order(settle(scores, [old, new, undated])) == ["new", "old", "undated"]


@pytest.mark.promise("D2")
def test_what_was_not_admitted_is_gone_and_moves_nothing() -> None:
    scores = [ranked("hidden", 1.0), ranked("a", 0.5), ranked("b", 0.45)]
    a, b = passage("a", thread="x"), passage("b", thread="t")
    assert settle(scores, [a, b]) == settle(scores[1:], [a, b])


def test_many_profiles_are_asked_for_fewer_passages_each() -> None:
    assert matching_limit(1) == MATCHING
    assert matching_limit(1000) * 1000 <= 5000
    assert matching_limit(0) > 0


def test_who_stands_highest_has_documented_it_best() -> None:
    assert best_colleague([ranked("a", 0.9, colleague=LIN), ranked("b", 0.8), ranked("c", 0.2)]) == LIN
    assert best_colleague([]) is None


def test_a_named_colleague_is_taken_out_of_what_is_searched() -> None:
    assert naming("When did Wei Lan's team freeze?", PEOPLE) == ("When did team freeze?", frozenset({WEI}))
    assert naming("林墨怎么回滚？", PEOPLE) == ("怎么回滚？", frozenset({LIN}))
    assert naming("How do we roll back?", PEOPLE) == ("How do we roll back?", frozenset())


def test_the_longer_name_is_meant_and_all_who_bear_it() -> None:
    zhang, sanfeng, namesake = (PersonId("local", "acme", name) for name in ("z", "s", "n"))
    people = [Person(zhang, ("张三",)), Person(sanfeng, ("张三丰",)), Person(namesake, ("张三",))]
    assert naming("张三丰说了什么", people)[1] == {sanfeng}
    assert naming("张三说了什么", people)[1] == {zhang, namesake}


def test_a_nickname_that_could_be_any_word_needs_an_at() -> None:
    people = [Person(WEI, ("usual",))]
    assert naming("What is the usual way?", people)[1] == frozenset()
    assert naming("What does @usual say?", people)[1] == {WEI}


def test_a_question_is_searched_in_both_languages_without_the_words_that_only_ask() -> None:
    assert {"rollback", "回滚"} <= set(sought("How does the rollback work?"))
    assert {"回滚", "rollback"} <= set(sought("怎么回滚"))
    assert "how" not in sought("How does the rollback work?")
    assert sought("what is it?")


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1), st.integers(0, 60)), max_size=40))
def test_settling_keeps_every_admitted_passage_once(rows: list[tuple[int, float, int]]) -> None:
    scores = [ranked(str(at), score) for at, (_, score, _) in enumerate(rows)]
    passages = [
        passage(str(at), thread=str(thread), at=NOW + timedelta(minutes=minute))
        for at, (thread, _, minute) in enumerate(rows)
    ]
    settled = settle(scores, passages)
    assert sorted(order(settled)) == sorted(order(scores))
    assert all(
        after.score >= before.score
        for after, before in zip(
            sorted(settled, key=lambda e: e.passage), sorted(scores, key=lambda e: e.passage), strict=True
        )
    )
