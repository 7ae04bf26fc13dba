"""The gate, each lock alone: rows differ from the permitting one in one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.consent import Consent, Grant, Paused, SourceRemoved, State, Suspended, Withdrawn, step
from bot.core.gate import Denial, Kept, Permitted, admit, keep, may_show, searchable, still_holds
from bot.core.people import PlaceId
from tests.cast import (
    ACME,
    CHEN,
    DEPLOYS,
    DM_LIN,
    EVE,
    LIN,
    NOW,
    OPS,
    VENDOR,
    WEI,
    consented,
    grant,
    passage,
    question,
    said,
)

GRANT = grant(DEPLOYS.id.as_source(), OPS.id)
CONSENT = consented(WEI, GRANT)
PASSAGE = passage("Roll back with make rollback")
QUESTION = question()


def test_a_passage_is_shown_where_its_source_was_granted_to_that_place() -> None:
    assert may_show(PASSAGE, QUESTION, CONSENT, now=NOW) == GRANT


@pytest.mark.promise("D1")
@pytest.mark.promise("D3")
@pytest.mark.parametrize(
    ("passage", "question", "consent", "now", "denial"),
    [
        pytest.param(
            replace(PASSAGE, author=CHEN), QUESTION, CONSENT, NOW, Denial.NOT_THEIR_WORDS, id="another's words"
        ),
        pytest.param(
            replace(PASSAGE, source=OPS.id.as_source()), QUESTION, CONSENT, NOW, Denial.NOT_GRANTED, id="source"
        ),
        pytest.param(PASSAGE, replace(QUESTION, place=DEPLOYS), CONSENT, NOW, Denial.NOT_GRANTED, id="audience"),
        pytest.param(PASSAGE, QUESTION, CONSENT, GRANT.until, Denial.NOT_GRANTED, id="expired"),
        pytest.param(PASSAGE, replace(QUESTION, asker=EVE), CONSENT, NOW, Denial.OTHER_TENANT, id="other tenant"),
        pytest.param(
            PASSAGE, replace(QUESTION, asker_is_outsider=True), CONSENT, NOW, Denial.OUTSIDER_ASKS, id="outsider asks"
        ),
        pytest.param(
            PASSAGE,
            replace(QUESTION, place=replace(OPS, has_outsiders=True)),
            CONSENT,
            NOW,
            Denial.OUTSIDERS_READ,
            id="outsiders read",
        ),
        pytest.param(PASSAGE, QUESTION, step(CONSENT, Paused(WEI, NOW)), NOW, Denial.NOT_GRANTED, id="paused"),
        pytest.param(
            PASSAGE, QUESTION, step(CONSENT, Withdrawn(WEI, NOW, "wei")), NOW, Denial.NOT_GRANTED, id="withdrawn"
        ),
        pytest.param(
            PASSAGE, QUESTION, step(CONSENT, Suspended(WEI, NOW, "left")), NOW, Denial.NOT_GRANTED, id="suspended"
        ),
        pytest.param(
            PASSAGE,
            QUESTION,
            step(CONSENT, SourceRemoved(WEI, NOW, DEPLOYS.id.as_source())),
            NOW,
            Denial.NOT_GRANTED,
            id="source removed",
        ),
        pytest.param(
            PASSAGE, QUESTION, replace(CONSENT, previewed=frozenset()), NOW, Denial.NOT_GRANTED, id="not previewed"
        ),
        pytest.param(
            PASSAGE, QUESTION, replace(CONSENT, state=State.GRANTED), NOW, Denial.NOT_GRANTED, id="granted only"
        ),
    ],
)
def test_each_lock_holds_alone(passage, question, consent, now, denial) -> None:  # type: ignore[no-untyped-def]
    assert may_show(passage, question, consent, now=now) == denial


@pytest.mark.promise("D3")
def test_alone_the_asker_reads_what_the_places_they_read_may_read() -> None:
    alone = replace(QUESTION, place=DM_LIN, alone=True, asker_reads=frozenset({OPS.id}))
    assert may_show(PASSAGE, alone, CONSENT, now=NOW) == GRANT
    elsewhere = replace(alone, asker_reads=frozenset({PlaceId("local", "acme", "finance")}))
    assert may_show(PASSAGE, elsewhere, CONSENT, now=NOW) == Denial.NOT_GRANTED


def test_a_roster_that_could_not_be_had_lets_nobody_read_alone() -> None:
    alone = replace(QUESTION, place=DM_LIN, alone=True, asker_reads=frozenset())
    assert may_show(PASSAGE, alone, CONSENT, now=NOW) == Denial.NOT_GRANTED


def test_a_grant_to_the_team_covers_every_place_of_the_team_and_no_other_tenant() -> None:
    consent = consented(WEI, grant(DEPLOYS.id.as_source(), ACME))
    assert isinstance(may_show(PASSAGE, replace(QUESTION, place=DEPLOYS), consent, now=NOW), Grant)
    assert may_show(PASSAGE, replace(QUESTION, place=VENDOR), consent, now=NOW) == Denial.OUTSIDERS_READ
    assert may_show(PASSAGE, replace(QUESTION, asker=EVE), consent, now=NOW) == Denial.OTHER_TENANT


def test_an_admitted_passage_carries_the_grant_that_admits_it_and_falls_with_it() -> None:
    permitted = admit(PASSAGE, QUESTION, CONSENT, now=NOW)
    assert isinstance(permitted, Permitted)
    assert permitted.grant == GRANT
    assert still_holds(permitted, QUESTION, CONSENT, now=NOW)
    assert not still_holds(permitted, QUESTION, CONSENT, now=GRANT.until)
    again = consented(WEI, grant(DEPLOYS.id.as_source(), OPS.id, id="another giving"))
    assert not still_holds(permitted, QUESTION, again, now=NOW)


@pytest.mark.parametrize("place", [OPS, DEPLOYS, VENDOR, DM_LIN])
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_not_searched_would_not_have_been_shown(place, alone) -> None:  # type: ignore[no-untyped-def]
    asked = replace(QUESTION, place=place, alone=alone, asker_reads=frozenset({OPS.id}))
    shown = isinstance(may_show(PASSAGE, asked, CONSENT, now=NOW), Grant)
    assert (PASSAGE.source in searchable(asked, CONSENT, now=NOW)) == shown


@pytest.mark.promise("C3")
def test_only_the_colleagues_own_words_are_kept() -> None:
    assert isinstance(keep(said(WEI, "Roll back with make rollback"), DEPLOYS, CONSENT, now=NOW), Kept)
    assert keep(said(LIN, "Roll back with make rollback"), DEPLOYS, CONSENT, now=NOW) == Denial.NOT_THEIR_WORDS
    assert keep(said(None, "Roll back with make rollback"), DEPLOYS, CONSENT, now=NOW) == Denial.NOT_THEIR_WORDS


@pytest.mark.promise("C1")
@pytest.mark.promise("C2")
@pytest.mark.parametrize(
    ("message", "place", "consent", "now", "denial"),
    [
        pytest.param(said(WEI, "x y", place=OPS), OPS, CONSENT, NOW, Denial.NOT_GRANTED, id="source not ticked"),
        pytest.param(
            said(WEI, "x y"), replace(DEPLOYS, one_to_one=True), CONSENT, NOW, Denial.ONE_TO_ONE, id="one-to-one"
        ),
        pytest.param(said(WEI, "x y"), replace(DEPLOYS, marked=True), CONSENT, NOW, Denial.MARKED_PLACE, id="HR"),
        pytest.param(said(WEI, "x y"), DEPLOYS, CONSENT, NOW + timedelta(days=181), Denial.NOT_GRANTED, id="expired"),
        pytest.param(said(WEI, "x y"), DEPLOYS, Consent(WEI), NOW, Denial.NOT_GRANTED, id="never asked"),
        pytest.param(said(WEI, " \n "), DEPLOYS, CONSENT, NOW, Denial.EMPTY, id="nothing said"),
        pytest.param(
            said(WEI, "密码：Zx9!kk82Qp"), DEPLOYS, CONSENT, NOW, Denial.SENSITIVE, id="a secret and nothing else"
        ),
    ],
)
def test_what_may_not_be_kept_is_told_apart(message, place, consent, now, denial) -> None:  # type: ignore[no-untyped-def]
    assert keep(message, place, consent, now=now) == denial
