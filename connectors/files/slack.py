"""Slack export folders: users.json, channels.json, groups.json and a folder of days for each channel.

Decides which messages are a person's own words, and turns Slack's markup into text. Does no I/O. Direct messages, of
two or more, are in neither list and are not read (C2).
https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import tzinfo

from connectors.files.said import MALFORMED, RECALLED, SYSTEM, Mention, Said, SetAside
from connectors.files.values import Item, mapping, moment, string

PLATFORM = "slack"

# https://api.slack.com/events/message#subtypes: of these two a person typed every word.
_OWN_WORDS = (None, "thread_broadcast", "me_message")

# https://api.slack.com/reference/surfaces/formatting#retrieving-messages
_ENTITY = re.compile(r"<([@#!]?)([^<>|]{1,3000})(?:\|([^<>]{0,3000}))?>")


def parse_people(listed: object) -> Mapping[str, tuple[str, ...]]:
    """Names by id from users.json, the one shown first. Bots, and entries without an id, are left out.

    A handle is a name only where there is no other: many are ordinary words.
    """
    if not isinstance(listed, list):
        return {}
    people = {}
    for entry in listed:
        if not isinstance(entry, dict) or entry.get("is_bot") is True or (user := string(entry, "id")) is None:
            continue
        profile = mapping(entry, "profile")
        names = (string(profile, "display_name"), string(profile, "real_name"), string(entry, "real_name"))
        people[user] = tuple(dict.fromkeys(name for name in names if name)) or (string(entry, "name") or user,)
    return people


def parse_channels(listed: object) -> Mapping[str, str]:
    """Channel ids by the name of their folder."""
    if not isinstance(listed, list):
        return {}
    return {
        name: channel
        for entry in listed
        if isinstance(entry, dict) and (name := string(entry, "name")) and (channel := string(entry, "id"))
    }


def parse(
    item: Item, zone: tzinfo, *, channel: str, channel_name: str, people: Mapping[str, tuple[str, ...]]
) -> Said | SetAside:
    """Read one message. Its id is the channel's and `ts` together, as `ts` alone is unique in a channel only.

    A bot's message has no sender, as nobody said it.
    """
    ts = string(item, "ts")
    if item.get("type") != "message" or ts is None:
        return SetAside(MALFORMED)
    subtype = item.get("subtype")
    if subtype == "tombstone":
        return SetAside(RECALLED, channel, f"{channel}/{ts}")
    if subtype not in (*_OWN_WORDS, "bot_message"):
        return SetAside(SYSTEM)
    written = item.get("text")
    is_bot = subtype == "bot_message" or bool(item.get("bot_id"))
    sender = None if is_bot else string(item, "user")
    if not isinstance(written, str) or (sender is None and not is_bot):
        return SetAside(MALFORMED)
    try:
        sent_at = moment(ts, zone)
    except ValueError:
        return SetAside(MALFORMED)
    mentions: list[Mention] = []
    thread = string(item, "thread_ts")
    return Said(
        text=_plain(string(item, "text") or "", people, mentions),
        sent_at=sent_at,
        chat=channel,
        chat_name=channel_name,
        id=f"{channel}/{ts}",
        sender_id=sender,
        reply_to=f"{channel}/{thread}" if thread and thread != ts else None,
        thread=f"{channel}/{thread}" if thread else None,
        mentions=tuple(mentions),
    )


def _plain(text: str, people: Mapping[str, tuple[str, ...]], mentions: list[Mention]) -> str:
    """Text without markup; who it addresses is added to `mentions`."""

    def entity(found: re.Match[str]) -> str:
        mark, target, label = found[1], found[2], found[3] or ""
        match mark:
            case "@":
                name = next(iter(people.get(target, ())), label or target)
                mentions.append(Mention(target, name))
                return f"@{name}"
            case "#":
                return f"#{label or target}"
            case "!":
                return label or f"@{target.partition('^')[0]}"
            case _:
                address = target.removeprefix("mailto:")
                return address if label in ("", target, address) else f"{label} ({address})"

    if "<" in text:
        text = _ENTITY.sub(entity, text)
    # Slack escapes &, < and > and nothing else; unescaping once leaves what somebody typed as "&lt;".
    return html.unescape(text) if "&" in text else text
