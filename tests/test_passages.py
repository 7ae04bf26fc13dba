"""Passages: what is cut from a colleague's words, and what of the thread may help to find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.gate import Denial, Kept, keep
from bot.core.messages import Form, Message
from bot.core.passages import JOIN_CHARS, MAX_CHARS, PAUSE, TOPICS, Draft, cut, split
from bot.core.people import PersonId
from bot.core.terms import content
from tests.cast import DEPLOYS, LIN, NOW, OPS, WEI, consented, grant

SOURCE = DEPLOYS.id.as_source()
CONSENT = consented(WEI, grant(SOURCE, OPS.id))


def said(id: str, author: PersonId, text: str, *, minute: float = 0, form: Form = Form.CHAT) -> Message:  # noqa: A002  (a message's id)
    return Message(id, SOURCE, author, NOW + timedelta(minutes=minute), text, form=form)


def kept(thread: Sequence[Message]) -> dict[str, Kept]:
    """What the gate keeps of Wei's words."""
    verdicts = {message.id: keep(message, DEPLOYS, CONSENT, now=NOW) for message in thread}
    return {message: verdict for message, verdict in verdicts.items() if not isinstance(verdict, Denial)}


def drafts(*thread: Message, place: str = "deploys") -> list[Draft]:
    own = kept(thread)
    vocabulary = {term for each in own.values() for term in content(each.text)}
    return cut(thread, own, vocabulary=vocabulary, place=place)


def messages(*thread: Message) -> list[tuple[str, ...]]:
    return [draft.passage.messages for draft in drafts(*thread)]


def test_consecutive_words_of_one_colleague_are_one_passage() -> None:
    assert messages(said("1", WEI, "Freeze the branch."), said("2", WEI, "Then run the smoke tests.", minute=1)) == [
        ("1", "2")
    ]


def test_another_persons_words_end_a_passage_and_are_in_none() -> None:
    assert messages(
        said("1", WEI, "Freeze the branch."), said("2", LIN, "Until when?"), said("3", WEI, "Until Monday.")
    ) == [("1",), ("3",)]


def test_a_pause_ends_a_passage() -> None:
    later = PAUSE.total_seconds() / 60 + 1
    assert messages(said("1", WEI, "Freeze the branch."), said("2", WEI, "Lunch is here.", minute=later)) == [
        ("1",),
        ("2",),
    ]


def test_a_long_stretch_is_not_joined_to_what_follows() -> None:
    assert messages(said("1", WEI, "Step by step. " * (JOIN_CHARS // 14 + 1)), said("2", WEI, "And again.")) == [
        ("1",),
        ("2",),
    ]


def test_a_lone_ok_makes_no_passage_but_stays_beside_words_that_say_something() -> None:
    assert messages(
        said("1", WEI, "ok"), said("2", LIN, "So?"), said("3", WEI, "ok"), said("4", WEI, "Ship it at 9.")
    ) == [("3", "4")]


def test_a_message_that_the_gate_dropped_parts_nothing_and_is_in_no_passage() -> None:
    thread = (said("1", WEI, "Freeze the branch."), said("2", WEI, "secret"), said("3", WEI, "Then test."))
    own = kept(thread)
    del own["2"]
    assert [draft.passage.messages for draft in cut(thread, own, vocabulary=(), place="")] == [("1", "3")]


@pytest.mark.promise("C4")
def test_only_words_that_the_author_uses_too_become_topic_terms() -> None:
    first, second = drafts(
        said("1", LIN, "How is the ledger rollback of Zanzibar done?"),
        said("2", WEI, "make undo, then look at the log"),
        said("3", LIN, "And Zanzibar?"),
        said("4", WEI, "A rollback is fine there too."),
    )
    assert "rollback" in first.passage.topics
    assert not {"ledger", "zanzibar"} & {*first.passage.topics, *second.passage.topics}


@pytest.mark.promise("C3")
def test_nothing_that_others_wrote_stands_in_a_passage_or_in_what_is_embedded() -> None:
    for draft in drafts(
        said("1", LIN, "Is Zanzibar down?"), said("2", WEI, "Restart the gateway."), said("3", LIN, "Zanzibar!")
    ):
        assert "zanzibar" not in (draft.embed + draft.passage.text).casefold()


def test_topic_terms_are_few_and_not_in_the_text_already() -> None:
    words = " ".join(f"word{at}" for at in range(3 * TOPICS))
    (_, asked) = drafts(said("1", WEI, words), said("2", LIN, words), said("3", WEI, "word1 it is"))
    assert len(asked.passage.topics) == TOPICS
    assert "word1" not in asked.passage.topics


def test_the_same_words_cut_twice_give_the_same_passages() -> None:
    thread = (said("1", WEI, "Freeze the branch."), said("2", LIN, "Why?"), said("3", WEI, "Because of the audit."))
    assert drafts(*thread) == drafts(*thread)


def test_going_on_speaking_keeps_the_passages_id() -> None:
    first = said("1", WEI, "Freeze the branch.")
    (before,), (after,) = drafts(first), drafts(first, said("2", WEI, "Then test."))
    assert before.passage.id == after.passage.id


def test_passages_of_one_thread_bear_its_key_whoever_wrote_them() -> None:
    thread = (said("1", LIN, "Why freeze?"), said("2", WEI, "Because of the audit."))
    theirs = {"1": replace(kept(thread)["2"], message="1", author=LIN, text="Why freeze?")}
    keys = {
        draft.passage.thread for own in (kept(thread), theirs) for draft in cut(thread, own, vocabulary=(), place="")
    }
    assert len(keys) == 1


def test_a_document_is_embedded_under_its_title_and_chat_is_embedded_bare() -> None:
    (document,) = drafts(said("1", WEI, "Freeze on Friday.", form=Form.DOCUMENT), place="Release guide")
    (chat,) = drafts(said("1", WEI, "Freeze on Friday."), place="deploys")
    assert document.embed == "Release guide\nFreeze on Friday."
    assert chat.embed == "Freeze on Friday."


def test_a_long_document_is_split_into_parts_that_have_ids_of_their_own() -> None:
    text = "\n\n".join(f"Step {at}. " + "Check the dashboard and wait. " * 12 for at in range(8))
    parts = [draft.passage for draft in drafts(said("1", WEI, text, form=Form.DOCUMENT))]
    assert len(parts) > 1
    assert len({part.id for part in parts}) == len(parts)
    assert all(part.messages == ("1",) and part.text.startswith("Step") for part in parts)


@given(st.text(min_size=1, max_size=6000))
def test_splitting_loses_no_words_and_keeps_to_the_limit(text: str) -> None:
    parts = split(text, MAX_CHARS)
    assert all(0 < len(part) <= MAX_CHARS for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=1500)), max_size=12))
def test_every_passage_is_made_of_kept_text_and_of_bounded_length(turns: list[tuple[bool, str]]) -> None:
    thread = [said(str(at), WEI if mine else LIN, text) for at, (mine, text) in enumerate(turns)]
    own = kept(thread)
    for draft in cut(thread, own, vocabulary=(), place=""):
        assert len(draft.passage.text) <= MAX_CHARS
        for piece in draft.passage.pieces:
            assert piece.text in own[piece.message].text
