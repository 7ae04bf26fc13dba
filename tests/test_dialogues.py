"""Dialogues that anyone can read, played against the real flows, ledger and shelf.

NAME grants SOURCE -> AUDIENCE      through notice, tick and preview; the audience is a place or "team"
NAME in PLACE: TEXT                 said there; to the assistant if it begins with @byline or they are alone with it
NAME takes back: TEXT               the message with exactly this text is recalled
NAME withdraws                      `/withdraw` in their own chat
later N days
bot in PLACE: A … B                 the last post in PLACE, for all to see, has A and then B
bot to NAME in PLACE: A … B         the same, for NAME alone
bot never in PLACE: A               the last post in PLACE does not have A
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.core.messages import Message, Recalled
from bot.core.people import PersonId, Place, PlaceId
from bot.flows import enrol, preview
from bot.flows.receive import Receiver
from tests.cast import ACME, CHEN, DEPLOYS, DM_LIN, EVE, LIN, NOTICE, OPS, VENDOR, WEI
from tests.fakes import World, world

LINES = {
    file.stem: file.read_text(encoding="utf-8").splitlines()
    for file in sorted((Path(__file__).parent / "dialogues").glob("*.txt"))
}
PEOPLE = {"wei": WEI, "lin": LIN, "chen": CHEN, "eve": EVE}
DM_WEI = Place(PlaceId("local", "acme", "dm-wei"), "wei", one_to_one=True)
READERS = {
    OPS: frozenset({WEI, LIN}),
    DEPLOYS: frozenset({WEI, LIN, CHEN}),
    VENDOR: frozenset({WEI, LIN, EVE}),
    DM_LIN: frozenset({LIN}),
    DM_WEI: frozenset({WEI}),
}
PLACES = {place.id.chat: place for place in READERS}


class Stage:
    """Plays one dialogue, line by line."""

    def __init__(self, on: World) -> None:
        self._world, self._receiver, self._numbers = on, Receiver(on.means), count(1)
        self._said: dict[str, Message] = {}

    async def play(self, line: str) -> None:
        if found := re.fullmatch(r"(\w+) grants (\S+) -> (\S+)", line):
            await self._grant(PEOPLE[found[1]], PLACES[found[2]], found[3])
        elif found := re.fullmatch(r"bot (?:to (\w+) )?in (\S+): (.*)", line):
            self._heard(found[1], found[2], found[3])
        elif found := re.fullmatch(r"bot never in (\S+): (.*)", line):
            assert found[2] not in self._last(found[1], None)
        elif found := re.fullmatch(r"(\w+) in (\S+): (.*)", line):
            await self._say(PEOPLE[found[1]], PLACES[found[2]], found[3])
        elif found := re.fullmatch(r"(\w+) takes back: (.*)", line):
            message = self._said[found[2]]
            await self._receiver.receive(Recalled(message.id, message.source), PLACES[message.source.key])
        elif found := re.fullmatch(r"(\w+) withdraws", line):
            await self._say(PEOPLE[found[1]], PLACES[f"dm-{found[1]}"], "/withdraw")
            assert "Traces left: 0" in self._world.voice.posted[-1].text
        elif found := re.fullmatch(r"later (\d+) days", line):
            self._world.clock.advance(timedelta(days=int(found[1])))
        else:
            raise AssertionError(f"no such line: {line}")

    async def _grant(self, colleague: PersonId, source: Place, audience: str) -> None:
        means = self._world.means
        tick = enrol.Tick(source.id.as_source(), ACME if audience == "team" else PLACES[audience].id)
        await enrol.invite(colleague, actor="test", ledger=means.ledger, clock=means.clock)
        await enrol.show_notice(colleague, notice=NOTICE, ledger=means.ledger, clock=means.clock)
        await enrol.grant(
            colleague,
            [tick],
            recipients=(),
            notice=NOTICE,
            evidence="test",
            days=180,
            ledger=means.ledger,
            clock=means.clock,
            new_id=means.new_id,
        )
        await preview.approve(
            colleague, [tick.source], struck=(), library=means.library, ledger=means.ledger, clock=means.clock
        )

    async def _say(self, author: PersonId, place: Place, text: str) -> None:
        addressed = text.startswith("@byline") or place.one_to_one
        message = Message(
            id=f"m{next(self._numbers)}",
            source=place.id.as_source(),
            author=author,
            sent_at=self._world.clock.now(),
            text=text.removeprefix("@byline").strip(),
            to_assistant=addressed,
        )
        self._said[message.text] = message
        self._world.clock.advance(timedelta(minutes=20))
        await self._receiver.receive(message, place)

    def _heard(self, to: str | None, place: str, expected: str) -> None:
        rest = self._last(place, to)
        for part in expected.split(" … "):
            assert part in rest, f"{part!r} is not in {rest!r}"
            rest = rest.partition(part)[2]

    def _last(self, place: str, to: str | None) -> str:
        last = next(post for post in reversed(self._world.voice.posted) if post.place == PLACES[place].id)
        one_to_one = PLACES[place].one_to_one
        assert one_to_one or last.to == (PEOPLE[to] if to else None)
        return last.text


@pytest.mark.promise("D2")
@pytest.mark.promise("D3")
@pytest.mark.promise("B8")
@pytest.mark.parametrize("name", LINES)
async def test_the_dialogue_goes_as_written(name: str, tmp_path: Path) -> None:
    async with world(tmp_path, READERS) as on:
        stage = Stage(on)
        for line in LINES[name]:
            if line.strip() and not line.startswith("#"):
                await stage.play(line)
