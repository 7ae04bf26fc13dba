"""Where a colleague stands: consent as a fold over their own events.

There is no by-pass state and no other way to make a `Consent` than to replay its events. An event that does not follow
from the state before it changes nothing: it stays in the ledger, and the colleague stands where they stood.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from bot.core.people import Audience, PersonId, SourceId


class State(Enum):
    """How far a consent has come. Only ACTIVE answers."""

    NONE = "none"
    INVITED = "invited"
    NOTICE_SHOWN = "notice shown"
    GRANTED = "granted"
    ACTIVE = "active"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Grant:
    """One yes: words from `source` may be used in answers to `audience`, until `until`.

    `id` is new with each giving. `notice` is the sha256 of the notice it was given on. `recipients` are the outside
    recipients (model, embedding) that were ticked; none ticked means that the words leave for nobody.
    """

    id: str
    source: SourceId
    audience: Audience
    until: datetime
    notice: str
    recipients: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Invited:
    """An admin asked, or the colleague began by themselves (`actor` is then the colleague)."""

    colleague: PersonId
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """The colleague was shown the notice whose sha256 is `notice`."""

    colleague: PersonId
    at: datetime
    notice: str


@dataclass(frozen=True, slots=True)
class Granted:
    """The colleague ticked these grants themselves. `evidence` says how the platform vouches for the actor (B1)."""

    colleague: PersonId
    at: datetime
    grants: tuple[Grant, ...]
    evidence: str


@dataclass(frozen=True, slots=True)
class Previewed:
    """The colleague saw every passage of these sources, struck some, and let the rest answer (B4)."""

    colleague: PersonId
    at: datetime
    sources: tuple[SourceId, ...]
    struck: int


@dataclass(frozen=True, slots=True)
class Paused:
    colleague: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class Resumed:
    colleague: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class SourceRemoved:
    """The colleague took one source back; the others stay (B9)."""

    colleague: PersonId
    at: datetime
    source: SourceId


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The colleague took everything back."""

    colleague: PersonId
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Expired:
    colleague: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspended:
    """The directory says that the person left, or an admin stopped the profile (B11)."""

    colleague: PersonId
    at: datetime
    reason: str


ConsentEvent = (
    Invited | NoticeShown | Granted | Previewed | Paused | Resumed | SourceRemoved | Withdrawn | Expired | Suspended
)


@dataclass(frozen=True, slots=True)
class Consent:
    """Where one colleague stands now. Made by `fold` alone."""

    colleague: PersonId
    state: State = State.NONE
    notice: str | None = None
    grants: tuple[Grant, ...] = ()
    previewed: frozenset[SourceId] = field(default_factory=frozenset)

    def live(self, now: datetime) -> tuple[Grant, ...]:
        """The grants that have not run out, whether or not their source was previewed yet."""
        if self.state not in (State.GRANTED, State.ACTIVE):
            return ()
        return tuple(grant for grant in self.grants if grant.until > now)

    def answering(self, now: datetime) -> tuple[Grant, ...]:
        """The grants under which an answer may be given at `now`."""
        if self.state is not State.ACTIVE:
            return ()
        return tuple(grant for grant in self.grants if grant.until > now and grant.source in self.previewed)


def fold(colleague: PersonId, events: Iterable[ConsentEvent]) -> Consent:
    """Replay a colleague's events, oldest first. Events of anybody else are passed over."""
    consent = Consent(colleague)
    for event in events:
        if event.colleague == colleague:
            consent = step(consent, event)
    return consent


def step(consent: Consent, event: ConsentEvent) -> Consent:
    """One event further. Gives the same consent back where the event does not follow from where it stands."""
    at_rest = (State.NONE, State.WITHDRAWN, State.EXPIRED)
    match event:
        case Invited():
            return replace(consent, state=State.INVITED) if consent.state in at_rest else consent
        case NoticeShown():
            if consent.state in (*at_rest, State.SUSPENDED):
                return consent
            began = consent.state is State.INVITED
            return replace(consent, state=State.NOTICE_SHOWN if began else consent.state, notice=event.notice)
        case Granted():
            return _grant(consent, event)
        case Previewed():
            granted = {grant.source for grant in consent.grants}
            seen = consent.previewed | (granted & set(event.sources))
            if consent.state not in (State.GRANTED, State.ACTIVE) or not seen:
                return consent
            return replace(consent, state=State.ACTIVE, previewed=frozenset(seen))
        case Paused():
            return replace(consent, state=State.PAUSED) if consent.state is State.ACTIVE else consent
        case Resumed():
            return replace(consent, state=State.ACTIVE) if consent.state is State.PAUSED else consent
        case SourceRemoved():
            return replace(
                consent,
                grants=tuple(grant for grant in consent.grants if grant.source != event.source),
                previewed=consent.previewed - {event.source},
            )
        case Withdrawn() | Expired() if consent.state is State.SUSPENDED:
            # Nothing is left to take back, and nobody leaves a suspension by enrolling anew.
            return consent
        case Withdrawn():
            return replace(Consent(consent.colleague), state=State.WITHDRAWN)
        case Expired():
            return replace(Consent(consent.colleague), state=State.EXPIRED)
        case Suspended():
            return replace(Consent(consent.colleague), state=State.SUSPENDED)


def _grant(consent: Consent, event: Granted) -> Consent:
    if consent.state not in (State.NOTICE_SHOWN, State.GRANTED, State.ACTIVE):
        return consent
    # B2: a yes counts only for the text that was shown last.
    given = tuple(grant for grant in event.grants if grant.notice == consent.notice)
    if not given:
        return consent
    replaced = {(grant.source, grant.audience) for grant in given}
    kept = tuple(grant for grant in consent.grants if (grant.source, grant.audience) not in replaced)
    state = State.GRANTED if consent.state is State.NOTICE_SHOWN else consent.state
    return replace(consent, state=state, grants=kept + given)
