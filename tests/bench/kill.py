"""Kills a process that puts passages, and Chroma's with it, at random moments: `python -m tests.bench.kill`.

After each kill: everything acknowledged is there, nothing is there twice, both searches find all of it, and Chroma,
told of the rest, finds what the exact scan finds. Fails loudly; says as it goes how often Chroma was rebuilt.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.stores.shelf import DiskShelf, near
from tests.cast import LIN, OPS
from tests.crash_shelf import passage

CHAT = OPS.id.as_source()
EVERYWHERE = {LIN: frozenset({CHAT})}
CHROMA_FROM = 500
near.TELL_FROM = 1  # here as in the child, Chroma is told of everything at once


class Rebuilds(logging.Handler):
    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "made again" in record.getMessage()


def everyone(process: int) -> list[int]:
    """The process and those that its threads have started."""
    tasks = Path(f"/proc/{process}/task")
    started = {int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()}
    return [process, *started]


def put_and_kill(data: Path, acknowledged: int, lasting_s: float) -> int:
    """Gives how many passages are acknowledged when it is killed."""
    arguments = [sys.executable, "-m", "tests.crash_shelf", str(data), str(acknowledged), str(CHROMA_FROM)]
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE)  # noqa: S603  (our own module)
    assert child.stdout is not None
    with child, child.stdout as lines:
        acknowledged = int(lines.readline())
        until = time.monotonic() + lasting_s
        while time.monotonic() < until:
            acknowledged = int(lines.readline())
        for process in everyone(child.pid):
            os.kill(process, signal.SIGKILL)
        for line in lines:
            acknowledged = int(line) if line.endswith(b"\n") else acknowledged
    return acknowledged


async def check(data: Path, acknowledged: int) -> int:
    shelf = DiskShelf(data, embedder="test", chroma_from=CHROMA_FROM)
    exact = DiskShelf(data, embedder="test", chroma_from=sys.maxsize)
    kept = [each.id for each in await shelf.browse(LIN, sources=[CHAT])]
    if len(kept) != len(set(kept)):
        raise SystemExit("something is there twice")
    if missing := {f"p{at}" for at in range(acknowledged)} - set(kept):
        raise SystemExit(f"{len(missing)} acknowledged passages are gone")
    if len((await shelf.matching(["all"], EVERYWHERE, limit=len(kept))).found) != len(kept):
        raise SystemExit("the words do not find everything")
    if len(await exact.nearest(passage(0).vector or [], EVERYWHERE, limit=len(kept))) != len(kept):
        raise SystemExit("the vectors do not find everything")
    await shelf.nearest(passage(0).vector or [], EVERYWHERE, limit=1)
    await shelf.settle()
    shared, asked = 0, range(0, len(kept), max(1, len(kept) // 20))
    for number in asked:
        query = passage(number).vector or []
        found = [{each.passage for each in await one.nearest(query, EVERYWHERE, limit=10)} for one in (shelf, exact)]
        shared += len(found[0] & found[1])
    if shared < 0.95 * 10 * len(asked):
        raise SystemExit(f"Chroma finds {shared} of {10 * len(asked)}")
    await shelf.close()
    await exact.close()
    return len(kept)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    rng = random.Random(chosen.seed)  # noqa: S311  (when to kill)
    rebuilds = Rebuilds()
    logging.getLogger("bot.stores.shelf").addHandler(rebuilds)
    acknowledged = 0
    with tempfile.TemporaryDirectory(prefix="byline-kill-") as data:
        for kill in range(chosen.kills):
            # Some before Chroma has started, most while it is being told.
            acknowledged = put_and_kill(Path(data), acknowledged, rng.uniform(0.2, 6))
            kept = asyncio.run(check(Path(data), acknowledged))
            sys.stdout.write(f"kill {kill + 1}: {acknowledged} acknowledged, {kept} kept, {rebuilds.count} rebuilds\n")
            sys.stdout.flush()
            acknowledged = kept


if __name__ == "__main__":
    main()
