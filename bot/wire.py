"""The composition root: Settings → the running parts. The only module that names every concrete class."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from pydantic import SecretStr

from bot.core.questions import Language
from bot.errors import Lack, SetupError
from bot.flows.means import Means
from bot.flows.withdraw import expire
from bot.library import Library
from bot.outbox import Outbox
from bot.ports import Clock, Embedder, Ledger, Model, Roster, Voice
from bot.settings import Settings
from bot.wording import LANGUAGES, Notice, NoticeFacts, Recipient, Wording
from connectors.local.team import LocalTeam


class SystemClock:
    """The Clock of a running program."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class App:
    """The parts that every platform shares; `with_voice` gives the flows of one platform what they work with.

    `embedder_lacks` says why only words are searched, None where there is an embedder.
    """

    settings: Settings
    ledger: Ledger
    library: Library
    model: Model | None
    embedder: Embedder | None
    embedder_lacks: str | None
    wording: Wording
    clock: Clock

    def with_voice(self, voice: Voice, roster: Roster) -> Means:
        outbox = Outbox(voice, ledger=self.ledger, wording=self.wording, clock=self.clock)
        return Means(self.library, outbox, self.ledger, roster, self.model, self.wording, self.clock, new_id)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who outside this machine would get to read words, if the colleague ticks them (B2, B3)."""
        outside = (part.recipient for part in (self.model, self.embedder) if part is not None)
        return tuple(recipient for recipient in outside if recipient is not None)

    def notice(self, language: Language) -> Notice:
        """The notice as this deployment must give it. Raises SetupError naming every fact that is missing."""
        said = self.settings.notice
        facts = NoticeFacts(
            operator=said.operator,
            contact=said.contact,
            complaints=said.complaints,
            hosting=said.hosting,
            recipients=tuple(
                Recipient(name, said.recipients_country, said.recipients_contact) for name in self.recipients
            ),
            reward=said.reward,
            consultation=said.consultation,
            window_days=said.window_days,
            consent_days=self.settings.consent_days,
            answers_days=said.answers_days,
            ledger_months=said.ledger_months,
            records_years=said.records_years,
            backup_days=said.backup_days,
        )
        return self.wording.notice(language, facts)


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open everything below `settings.data`, and close it again. Raises SetupError naming what the operator must do."""
    from bot.stores.embedder import NoEmbedder, open_embedder
    from bot.stores.ledger import SqlLedger
    from bot.stores.model import open_model
    from bot.stores.scan import scan
    from bot.stores.shelf import DiskShelf

    wording, clock = Wording.load(), SystemClock()
    model = open_model(
        settings.model,
        base_url=settings.model_base_url,
        api_key=_secret(settings.model_api_key),
        timeout_s=settings.model_timeout_s,
        prompts={language: wording.prompt("reply", language) for language in LANGUAGES},
    )
    opened = open_embedder(
        settings.embedder,
        base_url=settings.embedder_base_url,
        api_key=_secret(settings.embedder_api_key),
        batch_size=settings.embedder_batch,
        timeout_s=settings.embedder_timeout_s,
    )
    embedder, lacks = (None, opened.reason) if isinstance(opened, NoEmbedder) else (opened, None)
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        fix = "set BYLINE_DATA to a folder that this user may write to"
        raise SetupError(Lack(f"{settings.data} cannot be made ({error.strerror})", fix)) from error
    async with AsyncExitStack() as at_the_end:
        for outward in (model, embedder):
            if outward is not None:
                at_the_end.push_async_callback(outward.close)
        ledger = await SqlLedger.open(settings.ledger_url)
        at_the_end.push_async_callback(ledger.close)
        shelf = DiskShelf(settings.data, embedder=embedder.id if embedder is not None else "none")
        library = Library(shelf, embedder=embedder, ledger=ledger, clock=clock, scan=partial(scan, settings.data))
        at_the_end.push_async_callback(library.close)
        await expire(library=library, ledger=ledger, clock=clock, new_id=new_id)
        yield App(settings, ledger, library, model, embedder, lacks, wording, clock)


def local_team(settings: Settings) -> LocalTeam:
    """The people and places of this machine."""
    return LocalTeam(settings.data / "local" / "team.json")


def new_id() -> str:
    """A reference that people can type: 12 hexadecimal digits, random."""
    return secrets.token_hex(6)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value is not None else None
