"""What calls to a provider have in common: who gets to read the text, and their errors made ours.

Decides whether an endpoint is an outsider. Does not decide whether an outsider may be sent anything: that is consent's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.errors import PlatformError

OPENAI = "https://api.openai.com/v1"
"""Named in full so that no OPENAI_BASE_URL in the environment sends text to anybody else than `recipient` says."""

NO_KEY = "none"
"""Sent where no key is set: servers of one's own want none, and the client would send OPENAI_API_KEY instead."""


def host(url: str) -> str:
    """The host of a URL, without port and credentials; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(url: str) -> bool:
    """Does what is sent there stay on this machine? A name that only begins like a loopback address does not."""
    name = host(url)
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def recipient(what: str, url: str) -> str | None:
    """The outsider that reads what is sent to `url`, as a grant names them, or None for this machine."""
    return None if is_loopback(url) else f"{what} at {host(url)}"


@asynccontextmanager
async def outward(what: str, *, timeout_s: float) -> AsyncIterator[None]:
    """Bound a call in time, and turn whatever it raises into a PlatformError that quotes nothing of it.

    Providers' own messages are dropped together with their chain, for they repeat the text sent, and parts of the key.
    """
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except PlatformError:
        raise
    except TimeoutError:
        raise PlatformError(f"{what} did not answer within {timeout_s:g} s") from None
    except Exception as error:  # noqa: BLE001 - langchain and its providers share no base class; nonsense raises anything
        status = getattr(error, "status_code", None)
        said = f"{type(error).__name__} {status}" if isinstance(status, int) else type(error).__name__
        raise PlatformError(f"{what} failed: {said}", retry_after_s=_retry_after_s(error)) from None


def _retry_after_s(error: Exception) -> float | None:
    """Seconds from a Retry-After header; its other form, a date, is rare with models and passed over."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
