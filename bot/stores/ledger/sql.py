"""The ledger itself: appending in one chain, folding consents, finding answers, verifying.

Decides nothing about consent (`bot.core.consent` folds) and holds no message text: entries are ids, hashes and counts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.consent import Consent, ConsentEvent, step
from bot.core.people import PersonId, PlaceId
from bot.errors import LedgerBroken
from bot.ports import Entry, Refused, Shown, Verdict
from bot.stores.ledger import schema
from bot.stores.ledger.chain import GENESIS, link
from bot.stores.ledger.codec import Encoded, decode, encode, found_by, is_consent, spoken_in
from bot.stores.ledger.engine import engine_for, our_errors, writer
from bot.stores.ledger.migrate import migrate

BATCH = 1000
"""Entries that verify() reads at a time: a few milliseconds of the event loop."""

_Row = Row[*tuple[Any, ...]]
_entry, _produced = schema.entry, schema.produced
_stored = (_entry.c.seq, _entry.c.kind, _entry.c.at, _entry.c.colleague, _entry.c.body)
_HEAD = re.compile(r"(?P<seq>[0-9]{1,18}):(?P<hash>[0-9a-f]{64})")
_last = select(_entry.c.seq, _entry.c.hash).order_by(_entry.c.seq.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class _Group:
    """Appends that wait for the same transaction: each entry with what it will be found by."""

    entries: list[tuple[Encoded, frozenset[str]]]
    written: asyncio.Task[None]


class SqlLedger:
    """Fills `bot.ports.Ledger` on one SQLite file, which any number of processes may share. Made by `open`.

    Each entry's hash covers the one before it, so changing, moving or taking out an entry shows in `verify`. What a
    chain alone cannot show is that its *end* was cut off, or that all of it was written anew: for that somebody must
    have noted a `head` elsewhere, as receipts do, and ask `holds`. The index that `produced` searches is filled in the
    same transaction but is not part of the chain: an answer taken out of it is not found, though its entry stands.

    Methods raise PlatformError where another process holds the file for longer than `busy_timeout_s`, SetupError where
    the database refuses (rights, a full disk), and LedgerBroken where an entry cannot be read.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()
        self._gathering: _Group | None = None
        self._consents: dict[PersonId, Consent] = {}
        self._folded_to = 0

    @classmethod
    async def open(cls, url: str, *, busy_timeout_s: float = 30.0) -> SqlLedger:
        """Open the ledger of this SQLAlchemy URL, and bring its tables up to date. The folder must exist."""
        engine = engine_for(url, busy_timeout_s=busy_timeout_s)
        try:
            with our_errors():
                await migrate(engine)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    async def close(self) -> None:
        """Wait for what is being written, then let go of the file."""
        if self._gathering is not None:
            await asyncio.wait([self._gathering.written])
        async with self._turn:
            await self._engine.dispose()

    async def append(self, *entries: Entry) -> None:
        """All or none, durable on return. Those who append at the same time share one transaction.

        An append that is cancelled may still be written. Raises ValueError for an entry that could not be read back.
        """
        encoded = [(encode(entry), _keys_of(entry)) for entry in entries]
        if not encoded:
            return
        group = self._gathering
        if group is None:
            waiting: list[tuple[Encoded, frozenset[str]]] = []
            # A task of its own: the transaction carries others' entries, so one caller's cancellation must not tear it.
            group = self._gathering = _Group(waiting, asyncio.create_task(self._write(waiting)))
        group.entries.extend(encoded)
        await asyncio.shield(group.written)

    async def consent(self, colleague: PersonId) -> Consent:
        await self._fold_what_is_new()
        return self._consents.get(colleague, Consent(colleague))

    async def consents(self) -> Sequence[Consent]:
        await self._fold_what_is_new()
        return [self._consents[colleague] for colleague in sorted(self._consents)]

    async def produced(self, *, answer: str | None = None, text_sha256: str | None = None) -> Shown | Refused | None:
        """The newest entry that bears this; give exactly one of the two, else ValueError."""
        if (answer is None) == (text_sha256 is None):
            raise ValueError("give either an answer's id or a text's sha256")
        key = text_sha256 if answer is None else answer
        if not key or " " in key:
            return None  # neither an id nor a hash
        found = (
            select(*_stored)
            .join(_produced, _produced.c.seq == _entry.c.seq)
            .where(_produced.c.found_by == key)
            .order_by(_produced.c.seq.desc())
            .limit(1)
        )
        rows = await self._read(found)
        if not rows:
            return None
        entry = _decode(rows[0])
        if not isinstance(entry, Shown | Refused) or key not in found_by(entry):
            raise LedgerBroken(f"entry {rows[0].seq} is not the answer that the index says it is")
        return entry

    async def spoke_in(self, place: PlaceId) -> bool:
        there = select(_produced.c.seq).where(_produced.c.found_by == spoken_in(place)).limit(1)
        return bool(await self._read(there))

    async def head(self) -> str:
        """The end of the chain as `seq:hash`, for receipts: `holds` can tell by it that nothing was cut off since."""
        rows = await self._read(_last)
        return _head(rows[0].seq, rows[0].hash) if rows else _head(0, GENESIS)

    async def holds(self, head: str) -> bool:
        """Is this head, noted earlier, still in the chain? Says nothing about the entries before it: see `verify`."""
        if head == _head(0, GENESIS):
            return True
        noted = _HEAD.fullmatch(head)
        if noted is None:
            return False
        rows = await self._read(select(_entry.c.hash).where(_entry.c.seq == int(noted["seq"])))
        return bool(rows) and rows[0].hash == noted["hash"]

    async def verify(self) -> Verdict:
        """Compute the chain again, a batch at a time. `entries` and `head` are those up to which it holds."""
        seq, previous = 0, GENESIS
        in_order = select(*_stored, _entry.c.consent, _entry.c.hash).order_by(_entry.c.seq).limit(BATCH)
        batch = in_order
        while rows := await self._read(batch):
            for found, kind, at, colleague, body, consent, hashed in rows:
                follows = found == seq + 1 and hashed == link(previous, found, _encoded(kind, at, colleague, body))
                if not follows or consent != is_consent(kind):
                    return Verdict(seq, _head(seq, previous), broken_at=seq + 1)
                seq, previous = found, hashed
            batch = in_order.where(_entry.c.seq > seq)
        return Verdict(seq, _head(seq, previous), broken_at=None)

    async def _write(self, entries: Sequence[tuple[Encoded, frozenset[str]]]) -> None:
        async with self._turn:
            # From here on, those who come form the next group.
            self._gathering = None
            with our_errors():
                async with writer(self._engine).begin() as connection:
                    last = (await connection.execute(_last)).first()
                    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
                    rows: list[dict[str, Any]] = []
                    keys: list[dict[str, Any]] = []
                    for encoded, found in entries:
                        seq, previous = seq + 1, link(previous, seq + 1, encoded)
                        rows.append(_row(seq, encoded, previous))
                        keys += ({"found_by": key, "seq": seq} for key in found)
                    await connection.execute(insert(_entry), rows)
                    if keys:
                        await connection.execute(insert(_produced), keys)

    async def _fold_what_is_new(self) -> None:
        """Bring the folds up to the last consent event that anybody wrote: one query by index, most often empty."""
        new = select(*_stored).where(_entry.c.consent == 1, _entry.c.seq > self._folded_to).order_by(_entry.c.seq)
        for row in await self._read(new):
            # Another call may have folded this row while we read.
            if row.seq <= self._folded_to:
                continue
            event = _decode(row)
            if not isinstance(event, ConsentEvent):
                raise LedgerBroken(f"entry {row.seq} is no consent event, though it is marked as one")
            was = self._consents.get(event.colleague, Consent(event.colleague))
            self._consents[event.colleague] = step(was, event)
            self._folded_to = row.seq

    async def _read(self, query: Any) -> Sequence[_Row]:
        with our_errors():
            async with self._engine.connect() as connection:
                return (await connection.execute(query)).all()


def _keys_of(entry: Entry) -> frozenset[str]:
    return found_by(entry) | ({spoken_in(entry.place)} if isinstance(entry, Shown | Refused) else frozenset())


def _row(seq: int, encoded: Encoded, hashed: str) -> dict[str, Any]:
    return {
        "seq": seq,
        "kind": encoded.kind,
        "at": encoded.at,
        "colleague": encoded.colleague,
        "consent": int(is_consent(encoded.kind)),
        "body": encoded.body,
        "hash": hashed,
    }


def _encoded(kind: object, at: object, colleague: object, body: object) -> Encoded:
    # str: SQLite lets whoever tampers with a text leave bytes there, which no hash is computed of.
    return Encoded(str(kind), str(at), None if colleague is None else str(colleague), str(body))


def _decode(row: _Row) -> Entry:
    seq, kind, at, colleague, body = row
    return decode(_encoded(kind, at, colleague, body), seq=seq)


def _head(seq: int, hashed: str) -> str:
    return f"{seq}:{hashed}"
