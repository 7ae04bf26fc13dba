"""Which format a file is in, and its items.

Decides by what is in the file; the ending of its name counts only for Markdown, CSV and JSON lines. One file has one
format: the first item that a format knows decides it, and items that do not fit are malformed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain, islice
from pathlib import Path

from bot.errors import BadInput
from connectors.files import dingtalk, documents, lark, plain, reading, slack
from connectors.files.reading import TextFile, shown
from connectors.files.said import MALFORMED, Heard, Said, SetAside
from connectors.files.values import Item, clean

_MARKDOWN = (".md", ".markdown")
_CSV = (".csv", ".tsv")
_JSON_LINES = (".ndjson", ".jsonl")
_ITEMS_LOOKED_AT = 100

# A whole listing may be on a single line, longer than any item is.
_ANSWER = re.compile(r'\{\s*"(?:code|msg|data|items|messages|result|success|has_more|page_token)"')
_ANSWER_KEYS = frozenset(("code", "data", "items", "messages", "result", "conversationMessagesList"))


@dataclass(frozen=True, slots=True)
class _Format:
    platform: str
    recognises: Callable[[Item], bool]
    parse: Callable[[Item, tzinfo], Said | SetAside]


# In this order: plain's field names are so common that others have them too.
_FORMATS = (
    _Format(lark.PLATFORM, lark.recognises, lark.parse),
    _Format(dingtalk.PLATFORM, dingtalk.recognises, dingtalk.parse),
    _Format(plain.PLATFORM, plain.recognises, plain.parse),
)


def hear(path: Path, zone: tzinfo) -> Heard:
    """Open an export and begin to parse it. What is wrong with the file raises BadInput, now or while `found` runs."""
    if reading.is_folder(path):
        return _slack(path, zone)
    file = reading.open_text(path)
    opening, suffix = file.opening(), path.suffix.lower()
    if not opening.strip() and not any(line.strip() for _, line in file.lines()):
        raise BadInput(shown(path), "is empty")
    if suffix not in (*_MARKDOWN, *_CSV) and opening.lstrip()[:1] in ("[", "{") and not plain.is_log(opening):
        return _json(file, zone)
    lines, name = (line for _, line in file.lines()), clean(path.name)
    if suffix in _CSV:
        delimiter = _delimiter(opening, suffix)
        found = documents.parse_csv(lines, name, where=shown(path), delimiter=delimiter, zone=zone)
        return Heard(plain.PLATFORM, found, {})
    if plain.is_log(opening):
        return Heard(plain.PLATFORM, plain.parse_log(lines, zone), {})
    if suffix in _MARKDOWN:
        return Heard(plain.PLATFORM, documents.parse_markdown(lines, name), {})
    raise BadInput(shown(path), "is no export that is known here (a document you wrote must end in .md or .csv)")


def _delimiter(opening: str, suffix: str) -> str:
    if suffix == ".tsv":
        return "\t"
    header = opening.partition("\n")[0]
    return max(",;\t", key=header.count)


def _json(file: TextFile, zone: tzinfo) -> Heard:
    where = shown(file.path)
    items = _items_of_lines(file) if _has_item_a_line(file) else _items_of_document(file)
    looked_at = list(islice(items, _ITEMS_LOOKED_AT))
    if not looked_at:
        raise BadInput(where, "holds no messages")
    chosen = next((format_ for item in looked_at if (format_ := _format_of(item)) is not None), None)
    if chosen is None:
        raise BadInput(where, "is no export that is known here: none of its first items is a message")
    return Heard(chosen.platform, _parsed(chain(looked_at, items), chosen, zone), {})


def _parsed(items: Iterable[object], chosen: _Format, zone: tzinfo) -> Iterator[Said | SetAside]:
    for item in items:
        yield chosen.parse(item, zone) if isinstance(item, dict) else SetAside(MALFORMED)


def _format_of(item: object) -> _Format | None:
    if not isinstance(item, dict):
        return None
    return next((format_ for format_ in _FORMATS if format_.recognises(item)), None)


def _has_item_a_line(file: TextFile) -> bool:
    """One JSON value a line, rather than one in all? A document may be on a single line of any length."""
    opening = file.opening().lstrip()
    if opening.startswith("["):
        return False
    if file.path.suffix.lower() in _JSON_LINES:
        return True
    try:
        first = next(line for _, line in file.lines() if line.strip())
    except BadInput:
        if _ANSWER.match(opening):
            return False
        raise
    return first.rstrip().endswith("}")


def _items_of_lines(file: TextFile) -> Iterator[object]:
    """Items of a file with a value a line; a line may also be a whole page of a listing. No JSON gives None."""
    where = shown(file.path)
    for number, line in file.lines():
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield None
            continue
        listed = _listed(value, f"{where}, line {number}")
        if listed is None:
            yield value
        else:
            yield from listed


def _items_of_document(file: TextFile) -> Iterator[object]:
    value = file.document()
    listed = _listed(value, shown(file.path))
    if listed is not None:
        yield from listed
    elif _format_of(value) is not None:
        yield value
    else:
        raise BadInput(shown(file.path), "holds no list of messages")


def _listed(value: object, where: str) -> Iterable[object] | None:
    """The items of a list or of a platform's answer: {"items"}, {"code", "data": {"items"}}, {"result": {"messages"}}.

    None for anything else. Raises BadInput for the answer to a request that failed.
    """
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or _ANSWER_KEYS.isdisjoint(value) or _format_of(value) is not None:
        return None
    for place in (value, value.get("data"), value.get("result")):
        if isinstance(place, list):
            return place
        if not isinstance(place, dict):
            continue
        for key in ("items", "messages"):
            if isinstance(place.get(key), list):
                return list(place[key])
        if isinstance(place.get("conversationMessagesList"), list):
            return _of_conversations(place["conversationMessagesList"])
    code = value.get("code")
    if isinstance(code, int) and code != 0:
        raise BadInput(where, f"is the platform's error {code}, not an export")
    return None


def _of_conversations(conversations: list[object]) -> Iterator[object]:
    """Messages of `dws chat message list-all`, each with what is said of its conversation only once."""
    for conversation in conversations:
        if not isinstance(conversation, dict) or not isinstance(conversation.get("messages"), list):
            yield None
            continue
        about = {key: conversation.get(key) for key in ("openConversationId", "title", "singleChat")}
        for message in conversation["messages"]:
            yield {**about, **message} if isinstance(message, dict) else None


def _slack(folder: Path, zone: tzinfo) -> Heard:
    lists = {path.name: path for path in reading.files_in(folder, ".json")}
    if "users.json" not in lists or not ({"channels.json", "groups.json"} & lists.keys()):
        raise BadInput(shown(folder), "is a folder, and no Slack export: it lacks users.json or channels.json")
    people = slack.parse_people(reading.open_text(lists["users.json"]).document())
    channels: dict[str, str] = {}
    for name in ("channels.json", "groups.json"):
        if name in lists:
            channels.update(slack.parse_channels(reading.open_text(lists[name]).document()))
    return Heard(slack.PLATFORM, _days(folder, channels, people, zone), people)


def _days(
    folder: Path, channels: Mapping[str, str], people: Mapping[str, tuple[str, ...]], zone: tzinfo
) -> Iterator[Said | SetAside]:
    # Folders are looked up in the list of channels, never the other way round: a channel's "name" may be a path.
    for inside in reading.folders_in(folder):
        channel = channels.get(clean(inside.name))
        if channel is None:
            continue
        for day in reading.files_in(inside, ".json"):
            items = reading.open_text(day).document()
            if not isinstance(items, list):
                raise BadInput(shown(day), "holds no list of messages")
            for item in items:
                yield (
                    slack.parse(item, zone, channel=channel, channel_name=clean(inside.name), people=people)
                    if isinstance(item, dict)
                    else SetAside(MALFORMED)
                )
