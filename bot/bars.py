"""Progress in a terminal, on standard error; nothing where that is none."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from bot.flows.gather import Progress


class Bars:
    """One bar for each source being gathered, shown only once there is something to do."""

    def __init__(self) -> None:
        self._progress = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def of(self, name: str) -> Progress:
        """What to tell the progress of the source called `name`."""
        task = None

        def tell(done: int, total: int) -> None:
            nonlocal task
            if task is None:
                self._progress.start()
                task = self._progress.add_task(name, total=total)
            self._progress.update(task, completed=done, total=total)

        return tell
