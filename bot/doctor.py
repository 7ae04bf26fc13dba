"""Doctor: looks at an installation and says how to mend what is wrong.

Changes nothing, but for a file that it writes and removes to see whether it may.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from time import perf_counter
from typing import Any

from bot.core.people import PersonId, Place, PlaceId
from bot.core.questions import Question
from bot.errors import BylineError, SetupError
from bot.settings import Settings
from bot.wire import App, open_app

ENOUGH_DISK_BYTES = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do where it is not as it should be."""

    what: str
    ok: bool
    found: str
    fix: str = ""


async def examine(settings: Settings) -> dict[str, Any]:
    """Look at everything, one after the other; a check that cannot be done has failed."""
    checks = [_python(), _data(settings), _disk(settings)]
    try:
        async with open_app(settings) as app:
            checks += [await _tried(check, app) for check in (_ledger, _keys, _embedder, _model, _notice, _profiles)]
    except SetupError as error:
        checks.extend(Check("setup", ok=False, found=lack.what, fix=lack.fix) for lack in error.lacks)
    except BylineError as error:
        checks.append(Check("setup", ok=False, found=str(error), fix="see the runbook"))
    return {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}


async def _tried(check: Callable[[App], Awaitable[Check]], app: App) -> Check:
    try:
        return await check(app)
    except (BylineError, OSError) as error:
        name = check.__name__.removeprefix("_")
        return Check(
            name, ok=False, found=f"{type(error).__name__}: {error}", fix="mend what it names, then look again"
        )


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _data(settings: Settings) -> Check:
    fix = f"make {settings.data} a folder that this user may write to, or set BYLINE_DATA"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=settings.data) as file:
            file.write(b"\0")
    except OSError as error:
        return Check("data", ok=False, found=f"{settings.data}: {error.strerror}", fix=fix)
    return Check("data", ok=True, found=str(settings.data))


def _disk(settings: Settings) -> Check:
    there = next(path for path in (settings.data, *settings.data.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    return Check("disk", free >= ENOUGH_DISK_BYTES, f"{free // 2**20} MiB free", "free some space: 500 MiB at least")


async def _ledger(app: App) -> Check:
    verdict = await app.ledger.verify()
    if verdict.broken_at is None:
        return Check("ledger", ok=True, found=f"{verdict.entries} entries, the chain holds")
    fix = "restore the ledger from its last backup, and find out who changed it"
    return Check("ledger", ok=False, found=f"entry {verdict.broken_at} does not follow from those before it", fix=fix)


async def _keys(app: App) -> Check:
    folder = app.settings.data / "keys"
    open_to_others = [path for path in (folder, *folder.glob("*")) if path.exists() and path.stat().st_mode & 0o077]
    found = "readable by this user alone" if not open_to_others else f"{len(open_to_others)} are readable by others"
    return Check("keys", not open_to_others, found, f"chmod -R go-rwx {folder}")


async def _embedder(app: App) -> Check:
    if app.embedder is None:
        found = f"none, only words are searched: {app.embedder_lacks}"
        # Asked for, it is no fault.
        return Check("embedder", app.settings.embedder == "none", found, "see BYLINE_EMBEDDER in deploy/env.example")
    started = perf_counter()
    vector = await app.embedder.question("回滚 rollback")
    return Check(
        "embedder", ok=True, found=f"{app.embedder.id}, {len(vector)} dimensions, {_ms(started)} ms for a question"
    )


async def _model(app: App) -> Check:
    if app.model is None:
        return Check("model", ok=True, found="none: answers are quotes")
    started = perf_counter()
    await app.model.reply(_test_question(), ())
    return Check("model", ok=True, found=f"answers, in {_ms(started)} ms")


async def _notice(app: App) -> Check:
    notices = [app.notice(language) for language in ("zh", "en")]
    return Check("notice", ok=True, found=", ".join(notice.sha256[:12] for notice in notices))


async def _profiles(app: App) -> Check:
    counts = [await app.library.count(consent.colleague) for consent in await app.ledger.consents()]
    return Check("profiles", ok=True, found=f"{sum(map(bool, counts))} with {sum(counts)} passages, all readable")


def _test_question() -> Question:
    nobody = PersonId("local", "doctor", "doctor")
    place = Place(PlaceId("local", "doctor", "doctor"), "doctor", one_to_one=True)
    return Question("doctor", "Is anybody there?", "Is anybody there?", "en", nobody, place, alone=True)


def _ms(started: float) -> int:
    return round((perf_counter() - started) * 1000)
