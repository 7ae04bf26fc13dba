"""Errors, grouped by who must act. Expected refusals are values, not errors.

No message text, name or token goes into an error: ids, files and line numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class BylineError(Exception):
    """Anything Byline raises on purpose."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing or wrong, and what to do about it."""

    what: str
    fix: str


class SetupError(BylineError):
    """The operator must act. Names everything that is missing, at once, each with its fix."""

    def __init__(self, *lacks: Lack) -> None:
        self.lacks: Sequence[Lack] = lacks
        super().__init__("; ".join(f"{lack.what} ({lack.fix})" for lack in lacks))


class BadInput(BylineError):
    """Whoever gave the input must act. `where` names the file and, where there is one, the line."""

    def __init__(self, where: str, what: str) -> None:
        self.where, self.what = where, what
        super().__init__(f"{where}: {what}")


class NotGranted(BylineError):
    """The colleague has not said yes, and nobody else can (B1)."""


class PlatformError(BylineError):
    """A platform, a model or an embedder failed; trying again may help after `retry_after_s` seconds."""

    def __init__(self, what: str, *, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(what)


class MalformedEvent(BylineError):
    """One item cannot be read. It is set aside and counted."""


class ShelfDamaged(BylineError):
    """A profile's file cannot be read with its key. Names the profile, never its content."""


class LedgerBroken(BylineError):
    """The chain of the ledger does not hold. Names the first entry that is wrong."""
