"""Patterns of words that stand near each other, built so that searching stays linear in the length of the text."""

from __future__ import annotations


def near(*parts: str, within: int = 40) -> str:
    """A pattern: these parts in order, in one sentence, at most `within` characters between each and the next."""
    # Only a bounded gap keeps the search linear, whatever the text.
    return rf"[^.!?。！？]{{0,{within}}}?".join(f"(?:{part})" for part in parts)
