"""Scan: does the data directory still hold a text, byte for byte (B12)?

Looks for the text as UTF-8 and UTF-16, in every file, whatever it is. What is encrypted it cannot see into: that is
erased by destroying its key.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

NEEDLE_CHARS = 24
"""Of each text so much is looked for: enough to be that text and no other, little enough to be on one page."""

BLOCK_BYTES = 1 << 20


def scan(folder: Path, texts: Collection[str]) -> tuple[int, int]:
    """How many files were read, and how many hold one of the texts. Texts of a few characters are passed over."""
    needles = {encoded for text in texts for encoded in _needles(text)}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return len(files), sum(_holds(path, needles) for path in files)


def _needles(text: str) -> list[bytes]:
    start = max(0, (len(text) - NEEDLE_CHARS) // 2)
    needle = text[start : start + NEEDLE_CHARS]
    if len(needle.strip()) < 6:
        return []
    return [needle.encode(form, "surrogatepass") for form in ("utf-8", "utf-16-le", "utf-16-be")]


def _holds(path: Path, needles: Collection[bytes]) -> bool:
    overlap = max(map(len, needles), default=1) - 1
    tail = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            seen = tail + block
            if any(needle in seen for needle in needles):
                return True
            tail = seen[-overlap:] if overlap else b""
    return False
