"""Imports of files that are broken: the file and the line are named, or the item is set aside and counted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.core.people import PersonId
from bot.errors import BadInput
from connectors.files import Export, read_export, reading

ME = PersonId("local", "acme", "wei")


def read(path: Path, as_person: str = "张三") -> Export:
    return read_export(path, tenant="acme", author=ME, as_person=as_person)


def item(content: object = "先看监控", **changed: Any) -> dict[str, Any]:
    return {"sender_name": "张三", "content": content, "timestamp": 1715000000, **changed}


def line(content: object = "先看监控", **changed: Any) -> str:
    return json.dumps(item(content, **changed), ensure_ascii=False)


def refused(path: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read(path)
    assert str(path) in caught.value.where
    assert "张三" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "line_number"),
    [
        pytest.param("a.json", f"[\n{line()},\n{line()[:20]}", 3, id="truncated list"),
        pytest.param("a.json", f'{{"items": [\n{line()},\n', 3, id="truncated answer"),
        pytest.param("a.csv", 'text\n"never closed\n', 2, id="open quote"),
        pytest.param("a.json", "", None, id="empty"),
        pytest.param("a.json", " \n\n\ufeff", None, id="blank"),
        pytest.param("a.json", "[]", None, id="no items"),
        pytest.param("a.json", '{"items": null}', None, id="null for items"),
        pytest.param("a.json", '{"code": 230002, "msg": "no"}', 1, id="failed request"),
        pytest.param("a.json", "[null, null]", None, id="nothing but null"),
        pytest.param("a.json", "[" * 100_000, None, id="nested too deep"),
        pytest.param("a.json", '{"data":' * 900 + "[]" + "}" * 900, None, id="answers within answers"),
        pytest.param("a.json", "[" + "9" * 5000 + "]", None, id="a number of 5,000 digits"),
        pytest.param("a.json", '{"sender_name": "张三", "content": 5}', None, id="all malformed"),
        pytest.param("a.ndjson", "{\n}\n{", None, id="no line is JSON"),
        pytest.param("a.txt", "Dear diary,\nnothing happened.", None, id="unknown"),
        pytest.param("a.md", "---\ntitle: x\n---\n", None, id="front matter alone"),
        pytest.param("a.csv", "text\n", None, id="header alone"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_line(
    tmp_path: Path, name: str, content: str, line_number: int | None
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    where = f"{path}, line {line_number}" if line_number else str(path)
    assert refused(path).where == where


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "nowhere.json").what == "does not exist"
    assert refused(tmp_path / "pipe").what == "is not a file"
    assert "no Slack export" in refused(tmp_path).what
    assert refused(tmp_path / ("long" * 200)).what.startswith("cannot be read")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_text_in_common_encodings_is_read(tmp_path: Path, encoding: str) -> None:
    texts = ["鹿先看监控，再回滚", "联通", "ok"]
    for name, content in {
        "a.json": json.dumps([item(text) for text in texts], ensure_ascii=False),
        "a.ndjson": "\n".join(line(text) for text in texts),
        "a.log": "\n".join(f"2024-05-06 20:53 张三：{text}" for text in texts),
    }.items():
        (tmp_path / name).write_bytes(content.encode(encoding))
        assert sorted(message.text for message in read(tmp_path / name).items) == sorted(texts)


def test_utf8_that_breaks_off_is_not_taken_for_gbk(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(f"{line()}\n{line()}\n".encode() + b'{"sender_name": "\xe5\xbc", "content": "x"}\n')
    error = refused(path)
    assert error.where == f"{path}, line 3"
    assert error.what == "is neither UTF-8 nor GB18030 text"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xff")
    assert "neither UTF-8" in refused(path).what


@pytest.mark.parametrize("name", ["a.ndjson", "a.json", "a.log", "a.md"])
def test_a_line_longer_than_ten_million_characters_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_LINE_CHARS", 10_000)
    long = "x" * 20_000
    path = tmp_path / name
    short, overlong = (line(), line(long)) if name in ("a.ndjson", "a.json") else ("2024-05-06 20:53 张三：a", long)
    path.write_text(f"{short}\n{overlong}\n", encoding="utf-8")
    assert refused(path).where == f"{path}, line 2"
    path.write_text(overlong if name != "a.log" else f"2024-05-06 20:53 张三：{long}", encoding="utf-8")
    assert refused(path).where == f"{path}, line 1"


def test_a_listing_on_one_long_line_is_no_overlong_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINE_CHARS", 1_000)
    path = tmp_path / "a.json"
    for content in ([item()] * 100, {"items": [item()] * 100}, {"code": 0, "data": {"items": [item()] * 100}}):
        path.write_text(json.dumps(content), encoding="utf-8")
        assert read(path).read == 100


def test_a_document_larger_than_memory_should_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_DOCUMENT_BYTES", 100)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([item()] * 10), encoding="utf-8")
    assert "larger than" in refused(path).what


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "malformed"),
        (5, "malformed"),
        ([], "malformed"),
        ("text", "malformed"),
        ({}, "malformed"),
        (item(None), "malformed"),
        (item({"text": "x"}), "malformed"),
        (item(sender_name=None), "malformed"),
        (item(sender_name=["张三"]), "malformed"),
        (item(timestamp="soon"), "malformed"),
        (item(timestamp=True), "malformed"),
        (item(timestamp={}), "malformed"),
        (item(timestamp=0), "malformed"),
        (item(timestamp=1e300), "malformed"),
        (item(timestamp="2024-02-31 10:00"), "malformed"),
        (item(timestamp="9999-12-31T23:59:59-12:00"), "malformed"),
        (item(""), "no text"),
        (item("x" * 200_001), "too long"),
        (item(message_id="m1"), "duplicate"),
    ],
)
def test_a_bad_item_is_set_aside_and_the_others_come_through(tmp_path: Path, bad: object, reason: str) -> None:
    good = item(message_id="m1")
    for name, content in {
        "a.json": json.dumps([good, bad]),
        "a.ndjson": f"{json.dumps(good)}\n\n{json.dumps(bad)}\n",
    }.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        if bad == [] and name == "a.ndjson":
            continue  # An empty page of a listing: nothing to set aside.
        export = read(tmp_path / name)
        assert [message.id for message in export.items] == ["m1"]
        assert export.set_aside == {reason: 1}
        assert export.read == 2


def test_a_line_that_is_no_json_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(f"{line()}\n{{broken\n{line('别的')}\n", encoding="utf-8")
    export = read(path)
    assert len(export.items) == 2
    assert export.set_aside == {"malformed": 1}


def test_odd_characters_pass_and_unstorable_ones_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    text = "零\u200b宽 \u202e双向 👩‍💻 NUL\0 lone\ud800"
    path.write_text(json.dumps([item(text, message_id="\ud800\0")]), encoding="utf-8")
    message = read(path).items[0]
    assert message.text == "零\u200b宽 \u202e双向 👩‍💻 NUL\ufffd lone\ufffd"
    assert message.id == "\ufffd\ufffd"


def test_a_long_message_passes_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(line("长" * 20_000), encoding="utf-8")
    assert read(path).items[0].text == "长" * 20_000


def test_a_slack_day_that_is_cut_off_is_named(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("[]", encoding="utf-8")
    (tmp_path / "channels.json").write_text('[{"id": "C1", "name": "ops"}]', encoding="utf-8")
    (tmp_path / "ops").mkdir()
    day = tmp_path / "ops" / "2024-05-06.json"
    for content in ('[\n{"type": "message"', '{"messages": []}'):
        day.write_text(content, encoding="utf-8")
        with pytest.raises(BadInput) as caught:
            read(tmp_path)
        assert caught.value.where.startswith(str(day))


def test_a_slack_channel_named_like_a_path_leads_nowhere(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "export"
    for made in (outside, folder):
        made.mkdir()
    (outside / "2024-05-06.json").write_text("[", encoding="utf-8")
    (folder / "users.json").write_text("[]", encoding="utf-8")
    (folder / "channels.json").write_text(
        '[{"id": "C1", "name": "../outside"}, {"id": "C2", "name": "link"}]', encoding="utf-8"
    )
    (folder / "link").symlink_to(outside)
    assert refused(folder).what == "holds no messages"
