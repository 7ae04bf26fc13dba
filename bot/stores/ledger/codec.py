"""Between entries and what is stored of them: the one place that knows both.

The ledger is never rewritten, so what stands here is for ever: a kind keeps its name and its fields, and an entry that
needs another shape is another kind. Reading is strict: an unknown kind, a field too many or too few, or a value of the
wrong type raises LedgerBroken, since an event that is passed over could be the one that withdraws.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

from bot.core.consent import (
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
    Suspended,
    Withdrawn,
)
from bot.core.people import Audience, PersonId, PlaceId, SourceId, Team
from bot.errors import LedgerBroken
from bot.ports import Entry, Erased, Refused, Shown

KINDS: Mapping[str, type[Entry]] = {
    "invited": Invited,
    "notice_shown": NoticeShown,
    "granted": Granted,
    "previewed": Previewed,
    "paused": Paused,
    "resumed": Resumed,
    "source_removed": SourceRemoved,
    "withdrawn": Withdrawn,
    "expired": Expired,
    "suspended": Suspended,
    "shown": Shown,
    "refused": Refused,
    "erased": Erased,
}
_NAMES = {made: kind for kind, made in KINDS.items()}
_CONSENT = frozenset(_NAMES[made] for made in get_args(ConsentEvent))
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Encoded:
    """An entry as it is stored. `body` is canonical JSON of the fields that have no column of their own."""

    kind: str
    at: str
    colleague: str | None
    body: str


def encode(entry: Entry) -> Encoded:
    """Raises ValueError for what could not be read back the same: a time without a zone, an id with a colon inside."""
    body = _to_dict(entry)
    colleague = body.pop("colleague", None)
    return Encoded(_NAMES[type(entry)], body.pop("at"), colleague, canonical(body))


def decode(encoded: Encoded, *, seq: int) -> Entry:
    """Raises LedgerBroken, which names the entry by its `seq`."""
    made = KINDS.get(encoded.kind)
    if made is None:
        raise LedgerBroken(f"entry {seq} is of a kind that this version does not know")
    columns = {"at": encoded.at} | ({} if encoded.colleague is None else {"colleague": encoded.colleague})
    try:
        body = json.loads(encoded.body)
        return _from_dict(made, _checked(dict, body) | columns)  # type: ignore[no-any-return]  # of the class asked for
    except (ValueError, TypeError) as error:
        raise LedgerBroken(f"entry {seq} cannot be read as what it says it is") from error


def is_consent(kind: str) -> bool:
    """Does this kind move a consent? False for a kind that is unknown."""
    return kind in _CONSENT


def found_by(entry: Entry) -> frozenset[str]:
    """What `Ledger.produced` finds an entry by: the answer's id and the sha256 of each posted text."""
    if isinstance(entry, Shown | Refused):
        return frozenset(_storable(key) for key in (entry.answer, *entry.text_sha256))
    return frozenset()


def spoken_in(place: PlaceId) -> str:
    """What `Ledger.spoke_in` finds entries by; no answer's id and no sha256 looks like it."""
    return _storable(f"place {place}")


def canonical(value: object) -> str:
    """JSON in the one form that is hashed: sorted keys, no spaces, ASCII."""
    return _JSON.encode(value)


def _to_dict(value: Any) -> dict[str, Any]:
    return {name: _FIELDS[hint][0](getattr(value, name)) for name, hint in _SHAPES[type(value)].items()}


def _from_dict(made: type, values: dict[str, Any]) -> Any:
    shape = _SHAPES[made]
    if values.keys() != shape.keys():
        raise ValueError("fields are missing or unknown")
    return made(**{name: _FIELDS[hint][1](values[name]) for name, hint in shape.items()})


def _checked(wanted: type, value: Any) -> Any:
    # A bool is an int to Python, but never in the ledger.
    if type(value) is not wanted:
        raise TypeError(f"not of type {wanted.__name__}")
    return value


def _as_is(wanted: type) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    return (lambda value: _checked(wanted, value)), (lambda value: _checked(wanted, value))


def _list_of(hint: Any, into: Callable[[Any], Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    # Looked up late: the table of fields below is not there yet.
    return (
        lambda values: [_FIELDS[hint][0](value) for value in values],
        lambda values: into(_FIELDS[hint][1](value) for value in _checked(list, values)),
    )


def _id_of(made: type[PersonId | SourceId | PlaceId]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    def to_text(value: Any) -> str:
        text = _storable(str(value))
        if made.parse(text) != value:
            raise ValueError("an id whose parts cannot be told apart again")
        return text

    return to_text, lambda text: made.parse(_checked(str, text))


def _storable(text: str) -> str:
    """Raises ValueError for a lone surrogate, which no database takes: it would fail others' entries with it."""
    text.encode()
    return text


def _time_to_text(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _text_to_time(text: Any) -> datetime:
    at = datetime.fromisoformat(_checked(str, text))
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _audience_to_dict(audience: Audience) -> dict[str, str]:
    if isinstance(audience, Team):
        # Team has no text of its own that can be read back, since a chat may be called "*" as well.
        return {"team_of": _FIELDS[PlaceId][0](PlaceId(audience.platform, audience.tenant, "*"))}
    return {"place": _FIELDS[PlaceId][0](audience)}


def _dict_to_audience(value: Any) -> Audience:
    match _checked(dict, value):
        case {"team_of": team, **rest} if not rest:
            place = PlaceId.parse(_checked(str, team))
            return Team(place.platform, place.tenant)
        case {"place": place, **rest} if not rest:
            return PlaceId.parse(_checked(str, place))
    raise ValueError("neither a place nor a team")


def _counts_to_dict(counts: Mapping[str, int]) -> dict[str, int]:
    return {_checked(str, name): _checked(int, count) for name, count in counts.items()}


_FIELDS: Mapping[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    str: _as_is(str),
    int: _as_is(int),
    datetime: (_time_to_text, _text_to_time),
    PersonId: _id_of(PersonId),
    SourceId: _id_of(SourceId),
    PlaceId: _id_of(PlaceId),
    Audience: (_audience_to_dict, _dict_to_audience),
    Grant: (_to_dict, lambda value: _from_dict(Grant, _checked(dict, value))),
    tuple[str, ...]: _list_of(str, tuple),
    tuple[SourceId, ...]: _list_of(SourceId, tuple),
    tuple[Grant, ...]: _list_of(Grant, tuple),
    frozenset[str]: (lambda values: sorted(_checked(str, value) for value in values), _list_of(str, frozenset)[1]),
    Mapping[str, int]: (_counts_to_dict, lambda value: _counts_to_dict(_checked(dict, value))),
}
"""For each type a field may have: how it goes into JSON, and how it is read back."""

_SHAPES: Mapping[type, Mapping[str, Any]] = {
    made: {field.name: get_type_hints(made)[field.name] for field in fields(made)} for made in (*KINDS.values(), Grant)
}
