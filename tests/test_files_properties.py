"""Laws of the import parsers: nothing but BadInput is ever raised, every item is accounted for, and text survives."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.messages import Message
from bot.core.people import PersonId
from bot.errors import BadInput
from connectors.files import CHINA, Export, dingtalk, documents, lark, plain, read_export, slack
from connectors.files.said import Said, SetAside

ME = PersonId("local", "acme", "wei")
# A busy machine is no fault of a parser: the first text that Hypothesis draws alone may take it seconds.
law = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = (
    *("msg_type", "message_id", "chat_id", "create_time", "update_time", "deleted", "sender", "sender_type", "body"),
    *("content", "text", "mentions", "parent_id", "key", "id", "name", "tag", "title", "user_id", "user_name", "href"),
    *("openMessageId", "sender_open_dingtalk_id", "createTime", "quotedMessage", "type", "conversation_id"),
    *("sender_name", "timestamp", "items", "messages", "data", "result", "conversationMessagesList", "code"),
    *("ts", "user", "thread_ts", "subtype", "edited", "profile", "real_name"),
)
WORDS = ("text", "post", "message", "2024-05-06 20:53", "1715000000", '{"text": "x"}', '{"content": [[{"tag": "at"}]]}')

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from((*WORDS, *NAMES))
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)
items = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)

# What a person may type: whole lines that no parser takes for a quote, a placeholder or the next message.
typed = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters=">「[\u2028\u2029\x85"), min_size=1
)
texts = typed.map(str.strip).filter(bool)
names = st.text(st.characters(whitelist_categories=["L", "N"]), min_size=1, max_size=12)
times = st.integers(946_684_800, 2_000_000_000)
said = st.lists(st.tuples(names, texts, times), min_size=1, max_size=12)


def read(name: str, content: bytes, as_person: str) -> Export:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read_export(path, tenant="acme", author=ME, as_person=as_person)


def by_time(messages: Sequence[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    turned = messages[0][2] > messages[-1][2]
    return sorted(messages[::-1] if turned else messages, key=lambda message: message[2])


def told(messages: Sequence[Message], as_person: str) -> list[tuple[str, str, int]]:
    return [
        (as_person if m.author == ME else m.author.user, m.text, int(m.sent_at.timestamp()))
        for m in messages
        if m.author is not None and m.sent_at is not None
    ]


@law
@given(items)
def test_no_item_makes_a_parser_raise(item: dict[str, Any]) -> None:
    people = slack.parse_people([item])
    slack.parse_channels([item])
    for parsed in (
        lark.parse(item, CHINA),
        lark.parse({"msg_type": "text", "body": {"content": json.dumps(item)}, **item}, CHINA),
        lark.parse({"msg_type": "post", "sender": {"id": "x"}, "body": {"content": json.dumps(item)}}, CHINA),
        dingtalk.parse(item, CHINA),
        plain.parse(item, CHINA),
        slack.parse(item, CHINA, channel="C1", channel_name="ops", people=people),
        slack.parse({"type": "message", "ts": "1715000000.1", **item}, CHINA, channel="C1", channel_name="", people={}),
    ):
        assert isinstance(parsed, Said | SetAside)


@law
@given(st.sampled_from(["a.json", "a.ndjson"]), st.lists(items | values, max_size=6), st.booleans())
def test_no_json_makes_an_import_raise_anything_but_bad_input(name: str, listed: list[object], wrapped: bool) -> None:
    text = (
        "\n".join(map(json.dumps, listed))
        if name == "a.ndjson"
        else json.dumps({"items": listed} if wrapped else listed)
    )
    try:
        export = read(name, text.encode(), "x")
    except BadInput:
        return
    assert export.read == len(export.items) + export.set_aside.total()
    for message in export.items:
        "".join((message.id, message.text, message.source.key, *message.names)).encode()


@law
@given(
    st.sampled_from(["a.json", "a.jsonl", "a.txt", "a.md", "a.csv", "a.tsv"]),
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"", b"[", b"{", b'"', b"\xff\xfe", b"2024-05-06 20:53 x: ", b"a,text\n", b"---\n", b"\xef\xbb\xbf"]
    ),
)
def test_no_bytes_make_an_import_raise_anything_but_bad_input(name: str, content: bytes, start: bytes) -> None:
    try:
        export = read(name, start + content, "x")
    except BadInput:
        return
    assert export.read == len(export.items) + export.set_aside.total()


@law
@given(said, st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
def test_a_simple_export_comes_back_as_it_went_in(messages: list[tuple[str, str, int]], encoding: str) -> None:
    listed = [{"sender_name": name, "content": text, "timestamp": at} for name, text, at in messages]
    content = json.dumps(listed, ensure_ascii=encoding == "gb18030").encode(encoding)
    me = messages[0][0]
    assert told(read("a.json", content, me).items, me) == by_time(messages)


@law
@given(said)
def test_a_lark_export_comes_back_as_it_went_in(messages: list[tuple[str, str, int]]) -> None:
    lines = [
        json.dumps(
            {
                "message_id": f"om_{n}",
                "msg_type": "text",
                "create_time": str(at * 1000),
                "chat_id": "oc_1",
                "sender": {"id": name, "sender_type": "user"},
                "body": {"content": json.dumps({"text": text})},
            }
        )
        for n, (name, text, at) in enumerate(messages)
    ]
    me = messages[0][0]
    assert told(read("a.ndjson", "\n".join(lines).encode(), me).items, me) == by_time(messages)


@law
@given(said)
def test_a_dws_export_comes_back_as_it_went_in(messages: list[tuple[str, str, int]]) -> None:
    listed = [
        {
            "openMessageId": f"m{n}",
            "openConversationId": "cid",
            "senderOpenDingTalkId": name,
            "content": text,
            "createTime": datetime.fromtimestamp(at, CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        }
        for n, (name, text, at) in enumerate(messages)
    ]
    me = messages[0][0]
    assert told(read("a.json", json.dumps(listed).encode(), me).items, me) == by_time(messages)


@law
@given(said)
def test_a_log_comes_back_as_it_went_in(messages: list[tuple[str, str, int]]) -> None:
    lines = [f"{datetime.fromtimestamp(at, CHINA):%Y-%m-%d %H:%M:%S} {name}：{text}" for name, text, at in messages]
    me = messages[0][0]
    assert told(read("a.log", "\n".join(lines).encode(), me).items, me) == by_time(messages)


@law
@given(said)
def test_slack_messages_come_back_as_they_went_in(messages: list[tuple[str, str, int]]) -> None:
    for name, text, at in messages:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        item = {"type": "message", "user": name, "ts": f"{at}.000100", "text": escaped}
        parsed = slack.parse(item, CHINA, channel="C1", channel_name="ops", people={})
        assert isinstance(parsed, Said)
        assert (parsed.sender_id, parsed.text) == (name, text)
        assert parsed.sent_at == datetime.fromtimestamp(at, UTC).replace(microsecond=100)


@law
@given(st.lists(texts, min_size=1, max_size=10))
def test_rows_of_a_csv_come_back_as_they_went_in(rows: list[str]) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([["text", "step"], *([row, "1"] for row in rows)])
    lines = written.getvalue().split("\n")
    parsed = documents.parse_csv(lines, "a.csv", where="a.csv", delimiter=",", zone=CHINA)
    assert [one.text for one in parsed if isinstance(one, Said)] == rows


@law
@given(st.lists(texts.filter(lambda text: not text.startswith(("#", "```", "~~~", "---"))), min_size=1, max_size=8))
def test_sections_of_a_document_come_back_as_they_went_in(sections: list[str]) -> None:
    lines = [line for number, text in enumerate(sections) for line in (f"# Part {number}", text)]
    parsed = documents.parse_markdown(lines, "a.md")
    assert [one.text for one in parsed] == [f"# Part {number}\n{text}" for number, text in enumerate(sections)]


@pytest.mark.promise("C3")
@law
@given(st.lists(st.tuples(names, texts), min_size=1, max_size=12), names)
def test_no_message_of_another_name_becomes_ones_own(messages: list[tuple[str, str]], me: str) -> None:
    listed = [{"sender_name": name, "content": text} for name, text in messages]
    export = read("a.json", json.dumps(listed).encode(), me)
    assert [m.text for m in export.items if m.author == ME] == [text for name, text in messages if name == me]
