"""Benchmarks, run by hand: `python -m tests.bench.NAME`, where `--help` says what each takes.

Figures of one run are for comparing with each other: times depend on the machine, and on who else is using it.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Sequence

Row = tuple[str, str, str]
"""What was measured, what it is to reach ("" where nothing is asked of it), and what was seen."""


def dice_from(seed: int) -> random.Random:
    """Chance that falls alike in every run."""
    return random.Random(seed)  # noqa: S311  (nothing here is secret)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of the values do not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def print_table(rows: Sequence[Row]) -> None:
    """On standard output, with how busy the machine has been."""
    rows = [("figure", "target", "seen"), *rows, ("load average, last minute", "", f"{os.getloadavg()[0]:.1f}")]
    figures, targets = (max(len(row[column]) for row in rows) for column in (0, 1))
    for figure, target, seen in rows:
        sys.stdout.write(f"{figure:<{figures}}  {target:>{targets}}  {seen}\n")
    sys.stdout.flush()
