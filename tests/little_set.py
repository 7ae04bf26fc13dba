"""A set of a few questions in the shape that `byline eval` reads, written into a folder."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MESSAGES: Sequence[tuple[str, str | None, str, dict[str, str]]] = (
    ("ops", "ana", "Roll back the wallet service with make rollback", {}),
    ("ops", "ben", "Reports for finance run at six in the morning", {}),
    ("pay", "ana", "Refunds above five hundred need a signature from finance", {}),
    ("pay", "ben", "The ledger database is restarted by the person on call", {}),
    ("pay", None, "Invoices are archived in the blue cabinet", {}),
    ("apollo/plan", "ana", "Apollo is launched from the northern pad", {"product": "Apollo", "kind": "document"}),
)
QUESTIONS: Sequence[tuple[str, list[int], bool, dict[str, Any]]] = (
    ("how do we roll back the wallet service?", [0], True, {}),
    ("when do reports for finance run?", [1], True, {"scope": ["ops"]}),
    ("who signs refunds above five hundred?", [2], True, {}),
    ("who restarts the ledger database?", [3], True, {}),
    ("where is Apollo launched?", [5], True, {}),
    ("what is the capital of Mongolia?", [], False, {}),
    ("what did the picture show?", [0], True, {"type": "Multimodal"}),
)


def message(number: int, chat: str, sender: str | None, text: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    ts = f"2025-02-{number + 1:02}T02:00:00Z"
    return {"id": f"m{number}", "chat_id": chat, "thread_id": None, "sender": sender, "ts": ts, "text": text} | {
        "lang": "en",
        "meta": meta,
    }


def question(
    number: int, text: str, evidence: Sequence[int], answerable: bool, meta: Mapping[str, Any]
) -> dict[str, Any]:
    return {"id": f"q{number}", "question": text, "asker": None, "answer": None, "answerable": answerable} | {
        "evidence_ids": [f"m{each}" for each in evidence],
        "meta": meta,
    }


def case(number: int, *, channels: Sequence[str], products: Sequence[str] = ()) -> dict[str, Any]:
    return {"id": f"q{number}/case", "question_id": f"q{number}", "asker": "eve", "role": "outsider"} | {
        "visible_channels": list(channels),
        "visible_products": list(products),
    }


CASES = (
    case(0, channels=["pay"]),
    case(0, channels=["ops"]),
    case(2, channels=["ops"]),
    case(4, channels=["ops"]),
    case(4, channels=["ops"], products=["Apollo"]),
)


def write(path: Path, rows: Sequence[object]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def write_set(folder: Path, *, cases: Sequence[object] = CASES) -> Path:
    """The set in a new folder, with its access cases; gives the folder."""
    folder.mkdir()
    write(folder / "messages.jsonl.gz", [message(n, *each) for n, each in enumerate(MESSAGES)])
    write(folder / "questions.jsonl.gz", [question(n, *each) for n, each in enumerate(QUESTIONS)])
    if cases:
        write(folder / "access.jsonl.gz", cases)
    return folder
