"""Whose words they are: the last step of an import, from what was said to messages with authors.

Decides identity (exactly), which of two copies of a message holds, order, and ids where an export has none. Does no
I/O.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from bot.core.messages import Message
from bot.core.people import PersonId, SourceId
from bot.errors import BadInput
from connectors.files import plain
from connectors.files.reading import shown
from connectors.files.said import (
    DUPLICATE,
    MALFORMED,
    MAX_TEXT_CHARS,
    NO_TEXT,
    ONLY_A_QUOTE,
    RECALLED,
    TOO_LONG,
    Heard,
    Mention,
    Said,
    SetAside,
    without_quotes,
)
from connectors.files.values import clean


@dataclass(frozen=True, slots=True)
class Export:
    """What a file holds. In memory only: `items` has other people's words too, which nothing may keep.

    `sources` gives each source's name to show, `items` are by source and within one oldest first. `set_aside` counts
    by reason what gave no message, so that `read` is the number of items and of those set aside together. `own` is how
    many of `items` are the importing person's, `senders` how many different people sent them: where `own` is 0, nobody
    in the file has exactly the id or name asked for.
    """

    sources: Mapping[SourceId, str]
    items: tuple[Message, ...]
    set_aside: Counter[str]
    read: int
    own: int
    senders: int


def attribute(heard: Heard, path: Path, *, tenant: str, author: PersonId, as_person: str) -> Export:
    """Run a parser to its end and say who said what.

    Raises BadInput where the name belongs to several people, or not one item of the file can be read.
    """
    read, said, set_aside = _gathered(heard.found)
    if read == 0:
        raise BadInput(shown(path), "holds no messages")
    if set_aside[MALFORMED] == read:
        raise BadInput(shown(path), f"cannot be read: all of its {read} items are malformed")
    people = _people(heard.people, said)
    who = _Who(tenant, author, *_bearer(as_person, said, people, path))
    names = _by_start(people, who)
    by_chat: defaultdict[str | None, list[Said]] = defaultdict(list)
    for one in said:
        by_chat[one.chat].append(one)
    sources: dict[SourceId, str] = {}
    items: list[Message] = []
    for chat, there in by_chat.items():
        if chat is None:
            source = SourceId(plain.PLATFORM, tenant, clean(path.stem))
        else:
            source = SourceId(heard.platform, tenant, chat)
        sources[source] = _shown_as(chat, there, path, alone=len(by_chat) == 1)
        items += _messages(_oldest_first(there), source, who, names)
    own = sum(message.author is author for message in items)
    senders = {message.author for message in items if message.author is not None}
    return Export(sources, tuple(items), set_aside, read=read, own=own, senders=len(senders))


@dataclass(frozen=True, slots=True)
class _Who:
    """Turns a sender into an account. At most one of `own_id` and `own_name` is set: whose words are the author's."""

    tenant: str
    author: PersonId
    own_id: str | None
    own_name: str | None
    strangers: dict[str, PersonId] = field(default_factory=dict)

    def account(self, id_: str | None, name: str | None) -> PersonId | None:
        """The author (the very object) if it is exactly they, else somebody who is nobody's colleague here."""
        known_as = name if id_ is None else id_
        if known_as is None:
            return None
        if known_as == (self.own_name if id_ is None else self.own_id):
            return self.author
        stranger = self.strangers.get(known_as)
        if stranger is None:
            stranger = self.strangers[known_as] = PersonId(plain.PLATFORM, self.tenant, known_as)
        return stranger

    def wrote(self, said: Said) -> PersonId | None:
        return self.author if said.own else self.account(said.sender_id, said.sender)


def _gathered(found: Iterable[Said | SetAside]) -> tuple[int, list[Said], Counter[str]]:
    """How many items there were, those with text, and how many others there were for each reason."""
    read = 0
    set_aside: Counter[str] = Counter()
    kept: dict[tuple[str | None, str] | int, Said] = {}
    recalled: set[tuple[str | None, str]] = set()
    for one in found:
        read += 1
        if isinstance(one, SetAside):
            set_aside[one.reason] += 1
            if one.reason == RECALLED and one.id is not None:
                recalled.add((one.chat, one.id))
            continue
        key = read if one.id is None else (one.chat, one.id)
        earlier = kept.get(key)
        if earlier is not None:
            set_aside[DUPLICATE] += 1
        if earlier is None or one.revision > earlier.revision:
            kept[key] = one
    said: list[Said] = []
    for key, one in kept.items():
        text = one.text if one.own else without_quotes(one.text)
        reason = _reason_against(one, text) if key not in recalled else RECALLED
        if reason is None:
            said.append(one if text == one.text else one._replace(text=text))
        else:
            set_aside[reason] += 1
    return read, said, set_aside


def _reason_against(one: Said, text: str) -> str | None:
    if len(one.text) > MAX_TEXT_CHARS:
        return TOO_LONG
    if text.strip():
        return None
    return ONLY_A_QUOTE if one.text.strip() else NO_TEXT


def _people(directory: Mapping[str, tuple[str, ...]], said: Sequence[Said]) -> Mapping[str | None, frozenset[str]]:
    """Every name by the id it goes with; under None those of senders without an id."""
    people: defaultdict[str | None, set[str]] = defaultdict(set)
    for id_, names in directory.items():
        people[id_].update(names)
    for one in said:
        if one.sender is not None:
            people[one.sender_id].add(one.sender)
        for mention in one.mentions:
            people[mention.id].add(mention.name)
    return {id_: frozenset(names) for id_, names in people.items()}


def _bearer(
    as_person: str, said: Sequence[Said], people: Mapping[str | None, frozenset[str]], path: Path
) -> tuple[str | None, str | None]:
    """The id, or the name without an id, whose words are the importing person's; neither if nobody has it exactly.

    An id counts before a name. Where one id has the name, senders who have it but no id are somebody else.
    """
    if any(one.sender_id == as_person for one in said):
        return as_person, None
    bearers = [id_ for id_, names in people.items() if id_ is not None and as_person in names]
    if len(bearers) > 1:
        raise BadInput(shown(path), f"has {len(bearers)} people with that name; give the id of one of them instead")
    if bearers:
        return bearers[0], None
    return None, as_person


def _oldest_first(said: list[Said]) -> list[Said]:
    """By time; what has none stays behind what it followed. Exports that begin with the newest are turned round."""
    times = [one.sent_at for one in said if one.sent_at is not None]
    if not times:
        return said
    if times[0] > times[-1]:
        said = said[::-1]
    latest = times[0] if times[0] <= times[-1] else times[-1]
    ordered = []
    for one in said:
        latest = one.sent_at or latest
        ordered.append((latest, one))
    ordered.sort(key=lambda pair: pair[0])
    return [one for _, one in ordered]


def _messages(said: Sequence[Said], source: SourceId, who: _Who, names: Mapping[str, Sequence[str]]) -> list[Message]:
    occurrences: Counter[str] = Counter()
    messages = []
    for one in said:
        author = who.wrote(one)
        id_ = one.id or _derived_id(one, source, occurrences)
        messages.append(
            Message(
                id=id_,
                source=source,
                author=author,
                sent_at=one.sent_at,
                text=one.text,
                reply_to=one.reply_to,
                thread=one.thread,
                mentions=_accounts(one.mentions, who) if one.mentions else (),
                # Others' words are never kept, so there is nothing to replace in them.
                names=_names_in(one, names, who) if author is who.author else (),
                form=one.form,
            )
        )
    return messages


def _accounts(mentions: Sequence[Mention], who: _Who) -> tuple[PersonId, ...]:
    return tuple(account for mention in mentions if (account := who.account(mention.id, mention.name)) is not None)


def _derived_id(one: Said, source: SourceId, occurrences: Counter[str]) -> str:
    """An id for a message that has none: the same whenever the file is imported, and in a longer export of it."""
    sent_at = one.sent_at.isoformat() if one.sent_at else ""
    told = "\0".join((source.key, one.sender_id or "", one.sender or "", sent_at, one.text))
    digest = sha256(told.encode()).hexdigest()[:24]
    occurrences[digest] += 1
    return f"file-{digest}-{occurrences[digest]}"


def _by_start(people: Mapping[str | None, frozenset[str]], who: _Who) -> Mapping[str, Sequence[str]]:
    """Names other than the author's, by their first two characters. A single letter is no name that can be found."""
    own = people.get(who.own_id, frozenset()) if who.own_id is not None else {who.own_name}
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name in set().union(*people.values()) - own:
        if len(name) > 1:
            names[name[:2]].append(name)
    return names


def _names_in(one: Said, names: Mapping[str, Sequence[str]], who: _Who) -> tuple[str, ...]:
    """How this text writes people's names, longest first, so that 张三丰 is replaced before 张三."""
    # A directory may have ten thousand names: only those are looked for whose first two characters are in the text.
    starts = {one.text[at : at + 2] for at in range(len(one.text) - 1)}
    nearby = (name for start in names.keys() & starts for name in names[start])
    found = {name for name in nearby if name in one.text and _stands_alone(name, one.text)}
    found.update(mention.name for mention in one.mentions if who.account(mention.id, mention.name) is not who.author)
    found.update([f"@{name}" for name in found if f"@{name}" in one.text])
    return tuple(sorted(found, key=_longest_first))


def _stands_alone(name: str, text: str) -> bool:
    """Is this a name here, not a part of a word? Two Latin letters are too often a word of their own."""
    if not name.isascii():
        return True
    return len(name) > 2 and re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text) is not None


def _longest_first(name: str) -> tuple[int, str]:
    return -len(name), name


def _shown_as(chat: str | None, said: Sequence[Said], path: Path, *, alone: bool) -> str:
    named = next((one.chat_name for one in said if one.chat_name), None)
    if named is not None:
        return named
    name = clean(path.name)
    return name if alone or chat is None else f"{name} / {chat}"
