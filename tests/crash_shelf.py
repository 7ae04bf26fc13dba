"""Puts passages until it is killed: `python -m tests.crash_shelf DATA FIRST CHROMA_FROM`.

Each line it prints is a promise: so many passages are on the disk. With CHROMA_FROM other than 0 Chroma is told of them
meanwhile.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np

from bot.core.passages import Passage, Piece
from bot.ports import Shelved
from bot.stores.shelf import DiskShelf, near
from tests.cast import LIN, OPS

BATCH, DIMENSIONS = 10, 16


def passage(number: int) -> Shelved:
    vector = np.random.default_rng(number).standard_normal(DIMENSIONS)
    return Shelved(
        Passage(f"p{number}", LIN, OPS.id.as_source(), "thread", (Piece(f"m{number}", f"text {number}", None),)),
        ("all", f"word{number}"),
        (),
        (vector / np.linalg.norm(vector)).tolist(),
    )


async def put_until_killed(data: Path, first: int, chroma_from: int) -> None:
    near.TELL_FROM = 1  # so that Chroma is being told whenever it is killed
    shelf = DiskShelf(data, embedder="test", chroma_from=chroma_from or sys.maxsize)
    while True:
        # The last batch may have been put without being acknowledged: then this one changes nothing.
        await shelf.put(LIN, [passage(number) for number in range(first, first + BATCH)])
        first += BATCH
        sys.stdout.write(f"{first}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(put_until_killed(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
