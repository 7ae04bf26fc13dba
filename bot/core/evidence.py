"""Evidence: do the passages that were found answer the question at all?

Decided without a model, from what is at hand when answering: the question, the passages that may be shown, and how both
legs of the search found them. Not decided here: what may be shown (`core.gate`) and what is said (`core.compose`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.passages import Passage
from bot.core.rank import Matches, Ranked


def enough(question: str, ranked: Sequence[Ranked], passages: Sequence[Passage], matches: Matches) -> bool:
    """Do these passages, in this order, answer the question? `passages` are those of `ranked`, one for one."""
    return bool(ranked and passages)
