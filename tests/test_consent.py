"""The fold of `bot.core.consent`: which events lead where, and that there is one way to ACTIVE."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.consent import (
    Consent,
    ConsentEvent,
    Expired,
    Grant,
    Granted,
    Invited,
    NoticeShown,
    Paused,
    Previewed,
    Resumed,
    SourceRemoved,
    State,
    Suspended,
    Withdrawn,
    fold,
)
from bot.core.people import PersonId, SourceId
from tests.cast import ACME, DEPLOYS, LIN, NOTICE, NOW, OPS, WEI

UNTIL = NOW + timedelta(days=180)
FROM_DEPLOYS = DEPLOYS.id.as_source()
FROM_REFUNDS = SourceId("local", "acme", "refunds")
OLD_NOTICE = "b" * 64

GRANT = Grant("g1", FROM_DEPLOYS, OPS.id, UNTIL, NOTICE)
REFUNDS_GRANT = Grant("g2", FROM_REFUNDS, OPS.id, UNTIL, NOTICE)

INVITED = Invited(WEI, NOW, "admin")
SHOWN = NoticeShown(WEI, NOW, NOTICE)
GRANTED = Granted(WEI, NOW, (GRANT,), "terminal")
PREVIEWED = Previewed(WEI, NOW, (FROM_DEPLOYS,), 0)
PAUSED = Paused(WEI, NOW)
RESUMED = Resumed(WEI, NOW)
REMOVED = SourceRemoved(WEI, NOW, FROM_DEPLOYS)
WITHDRAWN = Withdrawn(WEI, NOW, "wei")
EXPIRED = Expired(WEI, NOW)
SUSPENDED = Suspended(WEI, NOW, "left")

ENROLLED = (INVITED, SHOWN, GRANTED, PREVIEWED)


@pytest.mark.promise("B1")
@pytest.mark.parametrize(
    ("events", "state"),
    [
        pytest.param((), State.NONE, id="nothing"),
        pytest.param((INVITED,), State.INVITED, id="invited"),
        pytest.param((INVITED, SHOWN), State.NOTICE_SHOWN, id="notice shown"),
        pytest.param((INVITED, SHOWN, GRANTED), State.GRANTED, id="granted"),
        pytest.param(ENROLLED, State.ACTIVE, id="previewed: active"),
        pytest.param((SHOWN, GRANTED, PREVIEWED), State.NONE, id="never invited"),
        pytest.param((INVITED, GRANTED, PREVIEWED), State.INVITED, id="no notice"),
        pytest.param((INVITED, SHOWN, PREVIEWED), State.NOTICE_SHOWN, id="no grant"),
        pytest.param((INVITED, SHOWN, replace(GRANTED, grants=())), State.NOTICE_SHOWN, id="nothing ticked"),
        pytest.param((INVITED, GRANTED, SHOWN, PREVIEWED), State.NOTICE_SHOWN, id="granted before the notice"),
        pytest.param((INVITED, SHOWN, PREVIEWED, GRANTED), State.GRANTED, id="previewed before granting"),
        pytest.param(
            (INVITED, SHOWN, GRANTED, replace(PREVIEWED, sources=(FROM_REFUNDS,))),
            State.GRANTED,
            id="previewed another source",
        ),
        pytest.param((INVITED, SHOWN, GRANTED, replace(PREVIEWED, sources=())), State.GRANTED, id="previewed nothing"),
        pytest.param((INVITED, SHOWN, GRANTED, RESUMED), State.GRANTED, id="resuming is no preview"),
        pytest.param((*ENROLLED, PAUSED), State.PAUSED, id="paused"),
        pytest.param((*ENROLLED, PAUSED, RESUMED), State.ACTIVE, id="resumed"),
        pytest.param((*ENROLLED, PAUSED, WITHDRAWN, RESUMED), State.WITHDRAWN, id="withdrawn while paused"),
        pytest.param((*ENROLLED, WITHDRAWN), State.WITHDRAWN, id="withdrawn"),
        pytest.param((*ENROLLED, EXPIRED), State.EXPIRED, id="expired"),
        pytest.param((*ENROLLED, SUSPENDED), State.SUSPENDED, id="suspended"),
        pytest.param(
            (*ENROLLED, WITHDRAWN, SHOWN, GRANTED, PREVIEWED), State.WITHDRAWN, id="withdrawn, not begun anew"
        ),
        pytest.param(
            (*ENROLLED, WITHDRAWN, INVITED, GRANTED, PREVIEWED), State.INVITED, id="anew needs the notice again"
        ),
        pytest.param(
            (*ENROLLED, WITHDRAWN, INVITED, SHOWN, PREVIEWED), State.NOTICE_SHOWN, id="anew needs a yes again"
        ),
        pytest.param((*ENROLLED, WITHDRAWN, INVITED, SHOWN, GRANTED), State.GRANTED, id="anew needs a preview again"),
        pytest.param((*ENROLLED, WITHDRAWN, *ENROLLED), State.ACTIVE, id="anew in full"),
        pytest.param((*ENROLLED, INVITED), State.ACTIVE, id="inviting the active changes nothing"),
        pytest.param((*ENROLLED, SUSPENDED, *ENROLLED), State.SUSPENDED, id="no enrolling out of a suspension"),
        pytest.param(
            (*ENROLLED, SUSPENDED, WITHDRAWN, *ENROLLED), State.SUSPENDED, id="no withdrawing out of it either"
        ),
        pytest.param(
            (*ENROLLED, SUSPENDED, EXPIRED, *ENROLLED), State.SUSPENDED, id="nor waiting until it has expired"
        ),
    ],
)
def test_where_these_events_lead(events: tuple[ConsentEvent, ...], state: State) -> None:
    assert fold(WEI, events).state is state


@pytest.mark.promise("B2")
def test_a_yes_to_an_old_notice_does_not_count_and_one_to_the_notice_shown_last_does() -> None:
    old = replace(GRANT, notice=OLD_NOTICE)
    shown_both = (INVITED, replace(SHOWN, notice=OLD_NOTICE), SHOWN)
    assert fold(WEI, (*shown_both, replace(GRANTED, grants=(old,)))).grants == ()
    assert fold(WEI, (*shown_both, GRANTED)).grants == (GRANT,)


@pytest.mark.promise("B2")
def test_of_one_yes_only_the_grants_on_the_notice_shown_last_count() -> None:
    old = replace(REFUNDS_GRANT, notice=OLD_NOTICE)
    assert fold(WEI, (INVITED, SHOWN, replace(GRANTED, grants=(GRANT, old)))).grants == (GRANT,)


@pytest.mark.promise("B4")
def test_only_the_sources_that_were_previewed_answer() -> None:
    consent = fold(WEI, (INVITED, SHOWN, replace(GRANTED, grants=(GRANT, REFUNDS_GRANT)), PREVIEWED))
    assert consent.live(NOW) == (GRANT, REFUNDS_GRANT)
    assert consent.answering(NOW) == (GRANT,)


@pytest.mark.promise("B4")
def test_a_source_granted_later_is_not_live_for_answers_before_its_own_preview() -> None:
    events = (*ENROLLED, replace(GRANTED, grants=(REFUNDS_GRANT,)))
    assert fold(WEI, events).answering(NOW) == (GRANT,)
    assert fold(WEI, (*events, replace(PREVIEWED, sources=(FROM_REFUNDS,)))).answering(NOW) == (GRANT, REFUNDS_GRANT)


@pytest.mark.promise("B6")
def test_a_grant_answers_until_it_runs_out_and_not_a_moment_longer() -> None:
    consent = fold(WEI, ENROLLED)
    assert consent.answering(UNTIL - timedelta(microseconds=1)) == (GRANT,)
    assert consent.answering(UNTIL) == ()
    assert consent.live(UNTIL) == ()


@pytest.mark.promise("B9")
def test_removing_a_source_leaves_the_others() -> None:
    both = replace(GRANTED, grants=(GRANT, REFUNDS_GRANT))
    enrolled = (INVITED, SHOWN, both, replace(PREVIEWED, sources=(FROM_DEPLOYS, FROM_REFUNDS)))
    assert fold(WEI, (*enrolled, REMOVED)).answering(NOW) == (REFUNDS_GRANT,)


@pytest.mark.promise("B4")
def test_a_source_that_was_removed_and_granted_again_is_previewed_again() -> None:
    again = (*ENROLLED, REMOVED, GRANTED)
    assert fold(WEI, again).answering(NOW) == ()
    assert fold(WEI, (*again, PREVIEWED)).answering(NOW) == (GRANT,)


@pytest.mark.promise("B9")
def test_while_paused_nothing_answers_and_nothing_new_is_taken() -> None:
    paused = fold(WEI, (*ENROLLED, PAUSED))
    assert (paused.answering(NOW), paused.live(NOW)) == ((), ())


@pytest.mark.promise("B9")
def test_a_source_removed_while_paused_stays_removed_when_resumed() -> None:
    assert fold(WEI, (*ENROLLED, PAUSED, REMOVED, RESUMED)).answering(NOW) == ()


@pytest.mark.promise("B3")
def test_a_yes_again_for_the_same_source_and_audience_replaces_the_first_and_no_other() -> None:
    longer = replace(GRANT, id="g3", until=UNTIL + timedelta(days=1))
    to_team = replace(GRANT, id="g4", audience=ACME)
    consent = fold(WEI, (*ENROLLED, replace(GRANTED, grants=(to_team,)), replace(GRANTED, grants=(longer,))))
    assert consent.grants == (to_team, longer)


# ── for every sequence of events ─────────────────────────────────────────────────────────────────────────────────────

_people = st.sampled_from([WEI, LIN])
_sources = st.sampled_from([FROM_DEPLOYS, FROM_REFUNDS])
_notices = st.sampled_from([NOTICE, OLD_NOTICE])
_grants = st.builds(
    Grant,
    id=st.sampled_from(["g1", "g2", "g3"]),
    source=_sources,
    audience=st.sampled_from([OPS.id, ACME]),
    until=st.just(UNTIL),
    notice=_notices,
)
_at = st.just(NOW)
_events: st.SearchStrategy[ConsentEvent] = st.one_of(
    st.builds(Invited, _people, _at, st.sampled_from(["admin", str(WEI)])),
    st.builds(NoticeShown, _people, _at, _notices),
    st.builds(Granted, _people, _at, st.lists(_grants, max_size=2).map(tuple), st.just("terminal")),
    st.builds(Previewed, _people, _at, st.lists(_sources, max_size=2).map(tuple), st.just(0)),
    st.builds(Paused, _people, _at),
    st.builds(Resumed, _people, _at),
    st.builds(SourceRemoved, _people, _at, _sources),
    st.builds(Withdrawn, _people, _at, st.just("wei")),
    st.builds(Expired, _people, _at),
    st.builds(Suspended, _people, _at, st.just("left")),
)
# Chance alone hardly ever enrols anybody, so whole enrolments are among the pieces that sequences are made of.
_histories = st.lists(st.one_of(_events.map(lambda event: (event,)), st.just(ENROLLED)), max_size=12).map(
    lambda pieces: [event for piece in pieces for event in piece]
)


@pytest.mark.promise("B1")
@given(_histories)
def test_nobody_is_active_without_notice_then_yes_on_that_notice_then_preview_all_their_own(
    events: list[ConsentEvent],
) -> None:
    if fold(WEI, events).state in (State.ACTIVE, State.PAUSED):
        assert _went_the_whole_way(WEI, events)


@pytest.mark.promise("B4")
@given(_histories)
def test_every_grant_that_answers_was_given_on_a_notice_shown_before_and_its_source_previewed(
    events: list[ConsentEvent],
) -> None:
    own = [event for event in events if event.colleague == WEI]
    for grant in fold(WEI, events).answering(NOW):
        given_at = [i for i, event in enumerate(own) if isinstance(event, Granted) and grant in event.grants]
        assert any(_last_notice(own[:i]) == grant.notice for i in given_at)
        last_removed = max((i for i, e in enumerate(own) if _takes_back(e, grant)), default=-1)
        assert any(i > last_removed for i in given_at)
        assert any(isinstance(e, Previewed) and grant.source in e.sources for e in own[last_removed + 1 :])


@pytest.mark.promise("B1")
@given(_histories, st.sampled_from([NoticeShown, Granted, Previewed]))
def test_leaving_out_any_one_step_leaves_nobody_active(
    events: list[ConsentEvent], step: type[NoticeShown | Granted | Previewed]
) -> None:
    without = [event for event in events if not (isinstance(event, step) and event.colleague == WEI)]
    consent = fold(WEI, without)
    assert consent.state not in (State.ACTIVE, State.PAUSED)
    assert consent.answering(NOW) == ()


@pytest.mark.promise("B1")
@given(_histories)
def test_what_others_do_moves_nobody(events: list[ConsentEvent]) -> None:
    assert fold(WEI, events) == fold(WEI, [event for event in events if event.colleague == WEI])


@pytest.mark.promise("B8")
@given(_histories, st.sampled_from([WITHDRAWN, EXPIRED, SUSPENDED]))
def test_after_the_end_nothing_is_left_to_answer_from(events: list[ConsentEvent], end: ConsentEvent) -> None:
    consent = fold(WEI, [*events, end])
    assert (consent.grants, consent.previewed, consent.notice) == ((), frozenset(), None)
    assert consent.answering(NOW) == ()


@given(_histories)
def test_suspended_is_left_by_no_event(events: list[ConsentEvent]) -> None:
    own = [event for event in events if event.colleague == WEI]
    states = [fold(WEI, own[:length]).state for length in range(len(own) + 1)]
    assert all(after is State.SUSPENDED for before, after in pairwise(states) if before is State.SUSPENDED)


def test_before_any_event_there_is_nothing() -> None:
    assert fold(WEI, ()) == Consent(WEI)


def _went_the_whole_way(colleague: PersonId, events: list[ConsentEvent]) -> bool:
    """Said again, in other words than the fold's: the three steps in order, since the last time all was taken back."""
    own = [event for event in events if event.colleague == colleague]
    ends = [i for i, event in enumerate(own) if isinstance(event, Withdrawn | Expired | Suspended)]
    own = own[ends[-1] + 1 :] if ends else own
    for i, event in enumerate(own):
        if not isinstance(event, Granted):
            continue
        on_the_notice = [grant for grant in event.grants if grant.notice == _last_notice(own[:i])]
        sources = {source for later in own[i:] if isinstance(later, Previewed) for source in later.sources}
        if any(grant.source in sources for grant in on_the_notice):
            return True
    return False


def _last_notice(events: list[ConsentEvent]) -> str | None:
    shown = [event.notice for event in events if isinstance(event, NoticeShown)]
    return shown[-1] if shown else None


def _takes_back(event: ConsentEvent, grant: Grant) -> bool:
    if isinstance(event, SourceRemoved):
        return event.source == grant.source
    return isinstance(event, Withdrawn | Expired | Suspended)
