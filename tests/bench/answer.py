"""How long a quoted answer takes beyond embedding its question, step by step; and what `byline ask` needs of memory.

    python -m tests.bench.answer

Three colleagues have 10,000 passages together. The questions go through the real flow, outbox and ledger; only the
posting itself goes nowhere.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from bot.core.compose import Declined
from bot.evaluate import Unheard
from bot.flows.answer import answer
from bot.flows.receive import bind
from bot.library import Library
from bot.ports import Embedder, Vector
from bot.wire import new_id
from tests.bench import Row, dice_from, percentile, print_table
from tests.bench.talk import question
from tests.bench.team import Bench, bench, library_with

COLLEAGUES = 3
ANSWER_MS, MEMORY_MB, HELP_S = 150, 400, 0.3
STARTS = 10

# Runs a command; prints its seconds by the clock and of the processor, and the most memory it held, in KiB. Done in a
# small process of its own: Linux counts for a child what the process held that started it.
_WATCHED = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
seconds = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


class Timed:
    """Fills the Embedder port by another, and counts the milliseconds that questions take."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.id, self.dimensions, self.recipient = embedder.id, embedder.dimensions, embedder.recipient
        self.ms, self.processor_ms, self.times = 0.0, 0.0, 0

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        return await self._embedder.passages(texts)

    async def question(self, text: str) -> Vector:
        began, computed = perf_counter(), process_time()
        try:
            return await self._embedder.question(text)
        finally:
            self.ms += 1000 * (perf_counter() - began)
            self.processor_ms += 1000 * (process_time() - computed)
            self.times += 1

    async def close(self) -> None:
        pass


async def ask(running: Bench, library: Library, embedder: Timed, *, questions: int) -> list[Row]:
    """Ask in the team's places; every tenth question names a colleague."""
    means = replace(running.app.with_voice(Unheard(), running.team), library=library)
    dice = dice_from(5)
    asker = running.team.find_person("asker").id
    names = [running.team.find_person(colleague.user).name for colleague in running.colleagues]
    steps: dict[str, list[float]] = {step: [] for step in ("search", "compose", "post", "beyond", "processor")}
    embedding: list[float] = []
    answered = 0
    for number in range(-5, questions):
        text = question(dice)
        if number % 10 == 0:
            text = f"@{dice.choice(names)} {text}"
        bound = await bind(text, new_id(), asker=asker, place=dice.choice(running.places), roster=means.roster)
        embedder.ms = embedder.processor_ms = 0.0
        computed = process_time()
        outcome = await answer(bound, means)
        computed = 1000 * (process_time() - computed) - embedder.processor_ms
        if number < 0:
            continue  # files are opened and read once
        took = outcome.timings_ms
        embedding.append(embedder.ms)
        steps["search"].append(took["search"])
        steps["compose"].append(took["compose"])
        steps["post"].append(took["total"] - took["embed"] - took["search"] - took["compose"])
        steps["beyond"].append(took["total"] - embedder.ms)
        steps["processor"].append(computed)
        answered += not isinstance(outcome.answer, Declined)
    held = sum([await library.count(colleague) for colleague in running.colleagues])
    return [
        ("passages · profiles", "", f"{held} · {len(running.colleagues)}"),
        ("questions · answered with quotes · embedded", "", f"{questions} · {answered} · {embedder.times - 5}"),
        ("answer beyond embedding the question", f"p95 < {ANSWER_MS} ms", _ms(steps["beyond"])),
        ("  processor time in that, all threads", "", _ms(steps["processor"])),
        ("  the search that was answered from", "", _ms(steps["search"])),
        ("  sufficiency and quoting", "", _ms(steps["compose"])),
        ("  the rest: other searches, places, posting, ledger", "", _ms(steps["post"])),
        ("embedding the question", "", _ms(embedding)),
    ]


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took: seconds by the clock, seconds of the processor, and memory in MB."""

    wall: float
    processor: float
    memory: float


def byline(folder: Path, *arguments: str) -> Run:
    """Run a command in a process of its own."""
    environment = os.environ | {"BYLINE_DATA": str(folder)}
    command = [sys.executable, "-c", _WATCHED, sys.executable, "-m", "bot", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)  # noqa: S603  (our own program)
    wall, processor, memory = map(float, done.stdout.split())
    return Run(wall, processor, memory * 1024 / 1e6)


async def measure(folder: Path, *, passages: int, questions: int) -> list[Row]:
    async with bench(folder, colleagues=COLLEAGUES, passages=passages) as running:
        assert running.app.embedder is not None, running.app.embedder_lacks
        embedder = Timed(running.app.embedder)
        library = library_with(embedder, running.app)
        rows = await ask(running, library, embedder, questions=questions)
        await library.close()
    return rows


def of_commands(folder: Path) -> list[Row]:
    dice = dice_from(6)
    asking = [byline(folder, "ask", question(dice), "--place", "chat0", "--asker", "asker", "--json") for _ in range(3)]
    helping = [byline(folder, "--help") for _ in range(STARTS)]
    return [
        ("byline ask: most memory", f"< {MEMORY_MB} MB", f"{max(run.memory for run in asking):.0f} MB"),
        ("byline ask: median of 3, start included", "", _seconds(asking)),
        (f"byline --help: median of {STARTS}", f"< {HELP_S} s", _seconds(helping)),
    ]


def _seconds(runs: Sequence[Run]) -> str:
    wall, processor = median(run.wall for run in runs), median(run.processor for run in runs)
    return f"{wall:.2f} s · processor {processor:.2f} s"


def _ms(values: Sequence[float]) -> str:
    return f"p50 {percentile(values, 50):.1f} ms · p95 {percentile(values, 95):.1f} ms"


def main() -> None:
    arguments = argparse.ArgumentParser(
        prog="python -m tests.bench.answer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--passages", type=int, default=10_000, help="of all colleagues together (%(default)s)")
    arguments.add_argument("--questions", type=int, default=200, help="asked one after another (%(default)s)")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
        folder = Path(temporary)
        rows = asyncio.run(measure(folder, passages=given.passages, questions=given.questions))
        print_table([*rows, *of_commands(folder)])


if __name__ == "__main__":
    main()
