"""Threads: which messages belong together."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import Form, Message
from bot.core.people import PersonId
from bot.core.threads import QUIET, RECENT, weave
from tests.cast import CHEN, DEPLOYS, LIN, NOW, WEI

SOURCE = DEPLOYS.id.as_source()


def said(
    id: str,  # noqa: A002  (a message's id)
    author: PersonId | None,
    text: str,
    *,
    minute: float | None = 0,
    reply_to: str | None = None,
    thread: str | None = None,
    mentions: tuple[PersonId, ...] = (),
    form: Form = Form.CHAT,
) -> Message:
    at = None if minute is None else NOW + timedelta(minutes=minute)
    return Message(id, SOURCE, author, at, text, reply_to=reply_to, thread=thread, mentions=mentions, form=form)


def woven(*messages: Message) -> list[list[str]]:
    return [[message.id for message in thread] for thread in weave(messages)]


def busy() -> list[Message]:
    """Enough people calling each other by name that several subjects run at once."""
    pair = (WEI, LIN)
    return [said(f"b{at}", pair[at % 2], f"{pair[1 - at % 2].user}: as I said {at}") for at in range(RECENT)]


def test_what_the_platform_calls_a_reply_joins_what_it_replies_to() -> None:
    assert woven(
        said("1", WEI, "Freeze on Friday."),
        said("2", LIN, "Lunch?", minute=600),
        said("3", CHEN, "Until when?", minute=700, reply_to="1"),
    ) == [["1", "3"], ["2"]]


def test_what_the_platform_calls_a_thread_is_one() -> None:
    assert woven(
        said("1", WEI, "a", thread="t"), said("2", LIN, "b", thread="u"), said("3", CHEN, "c", thread="t")
    ) == [
        ["1", "3"],
        ["2"],
    ]


def test_a_reply_to_a_message_that_was_never_read_opens_a_thread_by_time() -> None:
    assert woven(said("1", WEI, "a"), said("2", LIN, "b", minute=1, reply_to="lost")) == [["1", "2"]]


def test_a_silence_changes_the_subject() -> None:
    silence = QUIET.total_seconds() / 60
    assert woven(
        said("1", WEI, "a"), said("2", LIN, "b", minute=silence), said("3", LIN, "c", minute=2 * silence + 1)
    ) == [
        ["1", "2"],
        ["3"],
    ]


def test_calling_somebody_joins_what_they_said_to_the_caller() -> None:
    threads = woven(
        *busy(),
        said("q", CHEN, "How is the index rebuilt?", minute=1),
        said("r", WEI, "chen: with make reindex", minute=2),
        said("s", WEI, "lin: tomorrow", minute=3),
        said("t", CHEN, "wei: thanks, and how long?", minute=4),
    )
    assert ["q", "r", "t"] in threads


def test_accounts_that_the_platform_names_count_before_names_in_the_text() -> None:
    threads = woven(
        *busy(),
        said("q", CHEN, "How is the index rebuilt?", minute=1),
        said("r", WEI, "lin: look, for @chen it is make reindex", minute=2, mentions=(CHEN,)),
    )
    assert ["q", "r"] in threads


def test_where_several_subjects_run_a_new_question_opens_a_thread_and_an_answer_follows_it() -> None:
    other = PersonId("local", "acme", "mo")
    assert woven(*busy(), said("q", CHEN, "Where are the logs?", minute=1), said("r", other, "on disk", minute=2))[
        -1
    ] == [
        "q",
        "r",
    ]


def test_documents_stand_alone_unless_the_platform_joins_them() -> None:
    assert woven(
        said("1", WEI, "a", form=Form.DOCUMENT),
        said("2", WEI, "b", form=Form.DOCUMENT),
        said("3", WEI, "c", form=Form.DOCUMENT, thread="1"),
    ) == [["1", "3"], ["2"]]


def test_what_bears_no_time_where_others_do_is_nobodys_turn() -> None:
    assert woven(said("1", WEI, "a"), said("2", LIN, "joined", minute=None), said("3", CHEN, "b", minute=1)) == [
        ["1", "3"],
        ["2"],
    ]


def test_without_any_times_order_has_to_do() -> None:
    assert woven(said("1", WEI, "a", minute=None), said("2", LIN, "b", minute=None)) == [["1", "2"]]


turns = st.lists(
    st.tuples(
        st.sampled_from([WEI, LIN, CHEN, None]),
        st.sampled_from(["ok", "How?", "wei: yes", "@lin no", "so it is"]),
        st.integers(0, 40),
        st.sampled_from([None, "0", "3", "lost"]),
    ),
    max_size=40,
)


@given(turns, st.integers(0, 40))
def test_later_messages_never_change_how_earlier_ones_were_put_together(
    spoken: list[tuple[PersonId | None, str, int, str | None]], cut: int
) -> None:
    minute, messages = 0, []
    for at, (author, text, pause, reply_to) in enumerate(spoken):
        minute += pause
        messages.append(said(str(at), author, text, minute=minute, reply_to=reply_to))
    earlier = {message.id for message in messages[:cut]}
    whole = [[message.id for message in thread if message.id in earlier] for thread in weave(messages)]
    assert [thread for thread in whole if thread] == woven(*messages[:cut])
    assert sorted(message.id for thread in weave(messages) for message in thread) == sorted(m.id for m in messages)
