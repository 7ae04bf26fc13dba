"""How late the event loop wakes up while the program lives: messages come in, questions are asked.

    python -m tests.bench.live

A task sleeps for 5 ms again and again; its lag is how much longer that took. Beside it stands how long the loop's own
thread was computing meanwhile: a machine that others use too is late by itself. Parts with nothing to do, with
messages, and with messages and questions take turns, so that all meet the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from bot.core.messages import Message
from bot.evaluate import Unheard
from bot.flows.receive import Receiver
from tests.bench import Row, dice_from, percentile, print_table
from tests.bench.talk import question, talk
from tests.bench.team import Bench, bench

TO_REACH_MS = 20
SLEEP_S = 0.005
TURNS = 4


class Lag:
    """Measures, while entered, how late this loop wakes up and how long its thread computed meanwhile; milliseconds."""

    def __init__(self) -> None:
        self.ms: list[float] = []
        self.computing_ms: list[float] = []

    async def __aenter__(self) -> Lag:
        self._task = asyncio.create_task(self._measure())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _measure(self) -> None:
        while True:
            due, computed = time.perf_counter() + SLEEP_S, time.thread_time()
            await asyncio.sleep(SLEEP_S)
            self.ms.append(1000 * (time.perf_counter() - due))
            self.computing_ms.append(1000 * (time.thread_time() - computed))

    def seen(self) -> str:
        lag = " · ".join(
            f"{name} {percentile(self.ms, at):.1f}" for name, at in (("p50", 50), ("p99", 99), ("max", 100))
        )
        return f"{lag} ms · computing p99 {percentile(self.computing_ms, 99):.1f} ms"


class Hearing:
    """Messages that come in at a steady rate, dealt with one after another as a platform hands them over."""

    def __init__(self, receiver: Receiver, running: Bench) -> None:
        self._receiver = receiver
        self._places = {place.id: place for place in running.places}
        self.took: list[float] = []
        self.behind_s: list[float] = []

    async def go(self, messages: Sequence[Message], per_s: float) -> None:
        began = time.perf_counter()
        early = 0.0
        for number, message in enumerate(messages):
            early = began + number / per_s - time.perf_counter()
            await asyncio.sleep(max(0.0, early))
            took = time.perf_counter()
            await self._receiver.receive(message, self._places[message.source.as_place()])
            self.took.append(1000 * (time.perf_counter() - took))
        self.behind_s.append(max(0.0, -early))

    def seen(self) -> str:
        return (
            f"p50 {percentile(self.took, 50):.0f} ms · p95 {percentile(self.took, 95):.0f} ms"
            f" · at most {max(self.behind_s):.1f} s behind"
        )


async def ask(receiver: Receiver, running: Bench, *, number: int, per_s: float, seed: int) -> list[float]:
    """Ask questions at this rate; gives how long each took, embedding included, in milliseconds."""
    dice = dice_from(seed)
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


async def measure(folder: Path, *, passages: int, seconds: float, per_s: float, questions_per_s: float) -> list[Row]:
    async with bench(folder, colleagues=1, passages=passages) as running:
        receiver = Receiver(running.app.with_voice(Unheard(), running.team))
        number = max(1, int(seconds * per_s / TURNS))
        questions = max(1, int(seconds * questions_per_s / TURNS))
        strangers = [running.team.person_id(f"stranger{at}") for at in range(2)]
        messages = iter(
            talk(2 * TURNS * number, sources=running.sources, people=[*running.colleagues, *strangers], seed=7)
        )
        idle, hearing, asking = Lag(), Lag(), Lag()
        alone, beside = Hearing(receiver, running), Hearing(receiver, running)
        # What is opened once is opened before measuring.
        await ask(receiver, running, number=3, per_s=10, seed=TURNS)
        took: list[float] = []
        for turn in range(TURNS):
            async with idle:
                await asyncio.sleep(seconds / TURNS / 2)
            async with hearing:
                await alone.go(list(islice(messages, number)), per_s)
            async with asking, asyncio.TaskGroup() as tasks:
                tasks.create_task(beside.go(list(islice(messages, number)), per_s))
                asked = tasks.create_task(ask(receiver, running, number=questions, per_s=questions_per_s, seed=turn))
            took += asked.result()
        held = await running.app.library.count(running.colleagues[0])
    target = f"p99 ≤ {TO_REACH_MS} ms"
    return [
        ("passages in the profile at the end", "", f"{held}"),
        ("lag with nothing to do", "", idle.seen()),
        (f"lag while {per_s:g} messages a second come in", target, hearing.seen()),
        (f"lag with {questions_per_s:g} questions a second too", target, asking.seen()),
        ("taking in one message", "", alone.seen()),
        ("taking in one message, with questions", "", beside.seen()),
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
