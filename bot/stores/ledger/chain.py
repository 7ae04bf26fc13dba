"""What an entry's hash covers: everything that was said, and every entry before it. Pure."""

from __future__ import annotations

import hashlib

from bot.stores.ledger.codec import Encoded, canonical

GENESIS = "0" * 64
"""What the first entry follows."""


def link(previous: str, seq: int, encoded: Encoded) -> str:
    """sha256, in hex, of the previous entry's hash followed by this entry as canonical JSON.

    The body is already canonical and goes in as it is stored, so that verifying needs no parsing and a change of a
    single byte of it shows.
    """
    text = (
        f'{{"at":{canonical(encoded.at)},"body":{encoded.body},"colleague":{canonical(encoded.colleague)},'
        f'"kind":{canonical(encoded.kind)},"seq":{seq}}}'
    )
    return hashlib.sha256(f"{previous}{text}".encode()).hexdigest()
