"""How late the event loop wakes up while the program lives: messages come in, questions are asked.

    python -m tests.bench.live

A task sleeps for 5 ms again and again; its lag is how much longer that took. First with nothing to do, since a machine
that others use is late by itself; then with messages; then with questions too; then with nothing again.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.core.messages import Message
from bot.evaluate import Unheard
from bot.flows.receive import Receiver
from tests.bench import Row, dice_from, percentile, print_table
from tests.bench.talk import question, talk
from tests.bench.team import Bench, bench

TO_REACH_MS = 20
SLEEP_S = 0.005
IDLE_S = 5.0


class Lag:
    """Measures, from entering to leaving, how late this loop wakes up; in milliseconds."""

    def __init__(self) -> None:
        self.ms: list[float] = []

    async def __aenter__(self) -> Lag:
        self._task = asyncio.create_task(self._measure())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _measure(self) -> None:
        while True:
            due = time.perf_counter() + SLEEP_S
            await asyncio.sleep(SLEEP_S)
            self.ms.append(1000 * (time.perf_counter() - due))

    def seen(self) -> str:
        p50, p99, most = (percentile(self.ms, percent) for percent in (50, 99, 100))
        return f"p50 {p50:.1f} ms · p99 {p99:.1f} ms · max {most:.1f} ms"


class Hearing:
    """Messages that come in at a steady rate, dealt with one after another as a platform hands them over."""

    def __init__(self, receiver: Receiver, running: Bench, messages: Sequence[Message]) -> None:
        self._receiver, self._messages = receiver, messages
        self._places = {place.id: place for place in running.places}
        self.took: list[float] = []
        self.behind_s = 0.0

    async def go(self, per_s: float) -> None:
        began = time.perf_counter()
        for number, message in enumerate(self._messages):
            early = began + number / per_s - time.perf_counter()
            await asyncio.sleep(max(0.0, early))
            self.behind_s = max(0.0, -early)
            took = time.perf_counter()
            await self._receiver.receive(message, self._places[message.source.as_place()])
            self.took.append(1000 * (time.perf_counter() - took))

    def seen(self) -> str:
        return (
            f"p50 {percentile(self.took, 50):.1f} ms · p95 {percentile(self.took, 95):.1f} ms"
            f" · {self.behind_s:.1f} s behind at the end"
        )


async def ask(receiver: Receiver, running: Bench, *, number: int, per_s: float) -> list[float]:
    """Ask questions at this rate; gives how long each took, embedding included, in milliseconds."""
    dice = dice_from(3)
    asker = running.team.find_person("asker").id
    took = []
    for at in range(number):
        await asyncio.sleep(1 / per_s)
        place = dice.choice(running.places)
        asked = Message(
            f"q{at}", place.id.as_source(), asker, running.app.clock.now(), question(dice), to_assistant=True
        )
        began = time.perf_counter()
        await receiver.receive(asked, place)
        took.append(1000 * (time.perf_counter() - began))
    return took


async def idle() -> Lag:
    async with Lag() as lag:
        await asyncio.sleep(IDLE_S)
    return lag


async def measure(folder: Path, *, passages: int, seconds: float, per_s: float, questions_per_s: float) -> list[Row]:
    async with bench(folder, colleagues=1, passages=passages) as running:
        receiver = Receiver(running.app.with_voice(Unheard(), running.team))
        number = int(seconds * per_s)
        people = [*running.colleagues, *(running.team.person_id(f"stranger{at}") for at in range(2))]
        messages = talk(2 * number, sources=running.sources, people=people, seed=7)
        first, second = (Hearing(receiver, running, half) for half in (messages[:number], messages[number:]))
        # Open what is opened once before measuring.
        await ask(receiver, running, number=3, per_s=10)
        before = await idle()
        async with Lag() as hearing:
            await first.go(per_s)
        async with Lag() as both, asyncio.TaskGroup() as tasks:
            tasks.create_task(second.go(per_s))
            asked = tasks.create_task(
                ask(receiver, running, number=int(seconds * questions_per_s), per_s=questions_per_s)
            )
        after = await idle()
        held = sum([await running.app.library.count(colleague) for colleague in running.colleagues])
    took = asked.result()
    target = f"p99 ≤ {TO_REACH_MS} ms"
    return [
        ("passages in the profile at the end", "", f"{held}"),
        ("lag with nothing to do, before", "", before.seen()),
        (f"lag while {per_s:g} messages a second come in", target, hearing.seen()),
        (f"lag with {questions_per_s:g} questions a second too", target, both.seen()),
        ("lag with nothing to do, after", "", after.seen()),
        ("taking in one message", "", first.seen()),
        ("taking in one message, with questions", "", second.seen()),
        (
            "a question, with embedding it",
            "",
            f"p50 {percentile(took, 50):.0f} ms · p95 {percentile(took, 95):.0f} ms",
        ),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(
        prog="python -m tests.bench.live", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--passages", type=int, default=10_000, help="in the profile (%(default)s)")
    arguments.add_argument("--seconds", type=float, default=30, help="of each of the two busy parts (%(default)s)")
    arguments.add_argument("--rate", type=float, default=20, help="messages a second (%(default)s)")
    arguments.add_argument("--questions", type=float, default=2, help="questions a second (%(default)s)")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
        rows = asyncio.run(
            measure(
                Path(temporary),
                passages=given.passages,
                seconds=given.seconds,
                per_s=given.rate,
                questions_per_s=given.questions,
            )
        )
        print_table(rows)


if __name__ == "__main__":
    main()
