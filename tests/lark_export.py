"""Turns a folder of evaluation data into a Lark export, to try the importer with many messages.

    python -m tests.lark_export DIR OUT.json [--limit N]

DIR has a messages.jsonl.gz of {id, chat_id, thread_id, sender, ts, text, meta}. OUT.json has the shape of the answer to
`GET /open-apis/im/v1/messages`. Ids stay as they are in DIR, so that what is found can be compared with it; a time
without an offset is taken as UTC. Who is addressed at the start of a text, or with an @, becomes a mention.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

_TENANT_KEY = "tenant"
_ADDRESSED = re.compile(r"@([^\s,:;]{1,64})|\A([^\s,:]{2,64})(?=[,:])")


def messages_in(folder: Path, limit: int | None = None) -> Iterator[Mapping[str, Any]]:
    """The folder's messages, in the order of its file."""
    with gzip.open(folder / "messages.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in islice(lines, limit))


def as_items(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lark message items. A message without a sender is a bot's, and one marked as the system's has that type."""
    listed = list(messages)
    senders = frozenset(message["sender"] for message in listed if message["sender"])
    return [_item(message, senders) for message in listed]


def _item(message: Mapping[str, Any], senders: frozenset[str]) -> dict[str, Any]:
    text, mentions = _with_placeholders(message["text"], senders)
    meta = message.get("meta") or {}
    created = _milliseconds(message["ts"])
    replied = meta.get("reply_to") or []
    item = {
        "message_id": message["id"],
        "msg_type": "system" if meta.get("system") else "text",
        "create_time": created,
        "update_time": created,
        "deleted": False,
        "updated": False,
        "chat_id": message["chat_id"],
        "sender": {
            "id": message["sender"] or "cli_bot",
            "id_type": "open_id" if message["sender"] else "app_id",
            "sender_type": "user" if message["sender"] else "app",
            "tenant_key": _TENANT_KEY,
        },
        "body": {"content": json.dumps({"text": text}, ensure_ascii=False)},
    }
    if mentions:
        item["mentions"] = mentions
    if message.get("thread_id"):
        item["thread_id"] = message["thread_id"]
    if isinstance(replied, list) and replied:
        item["parent_id"] = item["root_id"] = str(replied[0])
    return item


def _with_placeholders(text: str, senders: frozenset[str]) -> tuple[str, list[dict[str, str]]]:
    keys: dict[str, str] = {}

    def placeholder(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return keys.setdefault(name, f"@_user_{len(keys) + 1}") if name in senders else found[0]

    text = _ADDRESSED.sub(placeholder, text)
    return text, [
        {"key": key, "id": name, "id_type": "open_id", "name": name, "tenant_key": _TENANT_KEY}
        for name, key in keys.items()
    ]


def _milliseconds(ts: str | None) -> str | None:
    if not ts:
        return None
    at = datetime.fromisoformat(ts)
    return str(int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lark_export", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("out", type=Path, metavar="OUT.json")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many messages")
    given = parser.parse_args()
    items = as_items(messages_in(given.folder, given.limit))
    answer = {"code": 0, "msg": "success", "data": {"has_more": False, "items": items}}
    given.out.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
