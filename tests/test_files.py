"""Imports: what each export format gives, and whose words it is taken for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from bot.core.messages import Form, Message
from bot.core.people import PersonId, SourceId
from bot.errors import BadInput
from connectors.files import Export, read_export
from tests.lark_export import as_items

ME = PersonId("local", "acme", "wei")
SAMPLES = Path(__file__).parents[2] / "shared" / "data" / "samples"


def read(path: Path, as_person: str = "张三") -> Export:
    return read_export(path, tenant="acme", author=ME, as_person=as_person)


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def own(export: Export) -> list[Message]:
    return [message for message in export.items if message.author == ME]


def lark(text: str = "先看监控", *, id: str = "om_1", sender: str = "ou_a", **changed: Any) -> dict[str, Any]:  # noqa: A002  # Lark's own word
    return {
        "message_id": id,
        "msg_type": "text",
        "create_time": "1715000000000",
        "chat_id": "oc_ops",
        "sender": {"id": sender, "id_type": "open_id", "sender_type": "user", "tenant_key": "t"},
        "body": {"content": json.dumps({"text": text}, ensure_ascii=False)},
        **changed,
    }


def mention(key: str, id: str, name: str) -> dict[str, str]:  # noqa: A002  # Lark's own word
    return {"key": key, "id": id, "id_type": "open_id", "name": name}


def simple(
    sender: str = "张三", content: object = "先看监控", timestamp: object = 1715000000, **more: Any
) -> dict[str, Any]:
    return {"sender_name": sender, "content": content, "timestamp": timestamp, **more}


# ── Lark ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda items: items, id="bare list"),
        pytest.param(lambda items: {"items": items}, id="items"),
        pytest.param(lambda items: {"code": 0, "msg": "success", "data": {"items": items}}, id="answer"),
        pytest.param(lambda items: "\n".join(map(json.dumps, items)), id="an item a line"),
        pytest.param(lambda items: "\n".join(json.dumps({"data": {"items": [i]}}) for i in items), id="a page a line"),
        pytest.param(lambda items: json.dumps({"items": items}, indent=2), id="over many lines"),
    ],
)
def test_a_lark_export_reads_the_same_in_every_wrapping(tmp_path: Path, wrap: Any) -> None:
    items = [lark("先看监控"), lark("好的", id="om_2", sender="ou_b", create_time="1715000001000", parent_id="om_1")]
    export = read(write(tmp_path, "ops.json", wrap(items)), "ou_a")

    assert export.sources == {SourceId("lark", "acme", "oc_ops"): "ops.json"}
    assert [(m.id, m.text, m.author, m.reply_to) for m in export.items] == [
        ("om_1", "先看监控", ME, None),
        ("om_2", "好的", PersonId("file", "acme", "ou_b"), "om_1"),
    ]
    assert export.items[0].sent_at == datetime(2024, 5, 6, 12, 53, 20, tzinfo=UTC)
    assert (export.read, export.own, export.senders, export.set_aside.total()) == (2, 1, 2, 0)


def test_lark_mentions_become_names_that_redaction_can_replace(tmp_path: Path) -> None:
    text = "@_user_1 和 @_user_10 看一下，张三丰也在，@_all"
    names = [mention("@_user_1", "ou_b", "李四"), mention("@_user_10", "ou_c", "张三丰")]
    message = read(write(tmp_path, "a.json", [lark(text, mentions=names)]), "ou_a").items[0]

    assert message.text == "@李四 和 @张三丰 看一下，张三丰也在，@all"
    assert message.names == ("@张三丰", "@李四", "张三丰", "李四")
    assert message.mentions == (PersonId("file", "acme", "ou_b"), PersonId("file", "acme", "ou_c"))


def test_a_lark_post_gives_its_words_links_and_code_without_pictures(tmp_path: Path) -> None:
    body = [
        [{"tag": "text", "text": "步骤一 "}, {"tag": "a", "href": "http://wiki/x", "text": "手册"}],
        [{"tag": "img", "image_key": "img_1"}, {"tag": "emotion", "emoji_type": "SMILE"}],
        [{"tag": "at", "user_id": "@_user_1", "user_name": "李四"}, {"tag": "text", "text": " 确认"}],
        [{"tag": "code_block", "language": "BASH", "text": "make rollback\n"}],
    ]
    for content in ({"title": "回滚", "content": body}, {"zh_cn": {"title": "回滚", "content": body}}):
        item = lark(msg_type="post", body={"content": json.dumps(content)})
        message = read(write(tmp_path, "a.json", [item]), "ou_a").items[0]
        assert message.text == "回滚\n步骤一 手册 (http://wiki/x)\n@李四 确认\nmake rollback"
        assert message.names == ("@李四", "李四")


@pytest.mark.promise("C3")
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"msg_type": "image"}, "not text: image"),
        ({"msg_type": "interactive"}, "not text: interactive"),
        ({"msg_type": "merge_forward"}, "not text: merge_forward"),
        ({"msg_type": "a type of next year"}, "not text: other"),
        ({"msg_type": "system"}, "system"),
        ({"upper_message_id": "om_0"}, "forwarded"),
        ({"deleted": True}, "recalled"),
        ({"chat_type": "p2p"}, "one-to-one chat"),
        ({"body": {"content": '{"text": " "}'}}, "no text"),
        ({"body": {"content": '{"text": "> 李四说过的话"}'}}, "only a quote"),
        ({"body": {"content": '{"text": 5}'}}, "malformed"),
        ({"body": {"content": "no json"}}, "malformed"),
        ({"create_time": "yesterday"}, "malformed"),
        ({"msg_type": ["text"]}, "malformed"),
    ],
)
def test_what_is_not_somebodys_own_text_is_set_aside_and_counted(
    tmp_path: Path, changed: Mapping[str, Any], reason: str
) -> None:
    export = read(write(tmp_path, "a.json", [lark(), lark(id="om_2", **changed)]), "ou_a")

    assert [message.id for message in export.items] == ["om_1"]
    assert export.set_aside == {reason: 1}
    assert export.read == 2


def test_the_latest_edit_of_a_lark_message_holds_wherever_it_stands(tmp_path: Path) -> None:
    old, new = lark("旧", update_time="1715000000000"), lark("新", update_time="1715000009000")
    for items in ([old, new], [new, old]):
        export = read(write(tmp_path, "a.json", items), "ou_a")
        assert [message.text for message in export.items] == ["新"]
        assert export.set_aside == {"duplicate": 1}


@pytest.mark.promise("C7")
def test_a_message_recalled_in_any_copy_does_not_come_through(tmp_path: Path) -> None:
    for items in ([lark(), lark(deleted=True)], [lark(deleted=True), lark()]):
        export = read(write(tmp_path, "a.json", [*items, lark(id="om_2")]), "ou_a")
        assert [message.id for message in export.items] == ["om_2"]
        assert export.set_aside == {"recalled": 2}


def test_a_bot_is_nobody_and_nobody_can_import_as_it(tmp_path: Path) -> None:
    bot = {"id": "cli_1", "id_type": "app_id", "sender_type": "app"}
    export = read(write(tmp_path, "a.json", [lark() | {"sender": bot}]), "cli_1")

    assert export.items[0].author is None
    assert export.own == 0


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")
def test_the_documented_lark_answers_parse() -> None:
    for path in sorted(SAMPLES.glob("lark_rest_message*.json")):
        export = read(path, "ou_155184d1e73cbfb8973e5a9e698e74f2")
        assert export.read == 1
        assert export.set_aside["malformed"] == 0
    contents = json.loads((SAMPLES / "lark_message_contents_by_type.json").read_text(encoding="utf-8"))
    assert len(contents) > 15


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")
def test_of_the_documented_lark_contents_text_and_post_are_read_and_no_other(tmp_path: Path) -> None:
    contents = json.loads((SAMPLES / "lark_message_contents_by_type.json").read_text(encoding="utf-8"))
    items = [
        lark(id=kind, msg_type=kind.rpartition(" ")[2], body={"content": json.dumps(content)})
        for kind, content in contents.items()
    ]
    export = read(write(tmp_path, "a.json", items), "ou_a")

    assert [message.id.rpartition(" ")[2] for message in export.items] == ["text", "post"]
    assert export.set_aside["malformed"] == 0


def test_evaluation_data_turned_into_a_lark_export_comes_through_whole(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = [
        {"id": "1", "chat_id": "c", "thread_id": None, "sender": "ann", "ts": "2024-05-06T12:00", "text": "hello @bob"},
        {"id": "2", "chat_id": "c", "thread_id": "t", "sender": "bob", "ts": "2024-05-06T12:01", "text": "ann: run it"}
        | {"meta": {"reply_to": ["1"]}},
        {"id": "3", "chat_id": "c", "thread_id": None, "sender": None, "ts": None, "text": "joined"},
    ]
    export = read(write(tmp_path, "a.json", {"data": {"items": as_items(told)}}), "bob")

    assert [(m.id, m.text, m.reply_to, m.thread) for m in export.items] == [
        ("1", "hello @bob", None, None),
        ("2", "@ann: run it", "1", "t"),
        ("3", "joined", None, None),
    ]
    assert [m.names for m in own(export)] == [("@ann", "ann")]


# ── simple JSON, logs ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_simple_export_reads_names_ids_chats_and_replies(tmp_path: Path) -> None:
    items = [
        simple(message_id="m1", chat_id="g1", chat_name="运维", sender_id="u1"),
        simple("李四", "收到", 1715000060, message_id=2, chat_id="g1", chat_name="运维", reply_to="m1", sender_id="u2"),
    ]
    for content in (items, "\n".join(json.dumps(item) for item in items), {"messages": items}):
        export = read(write(tmp_path, "chat.json", content))
        assert export.sources == {SourceId("file", "acme", "g1"): "运维"}
        assert [(m.id, m.author, m.reply_to) for m in export.items] == [
            ("m1", ME, None),
            ("2", PersonId("file", "acme", "u2"), "m1"),
        ]


@pytest.mark.parametrize(
    "timestamp",
    [
        1715000000,
        1715000000.0,
        "1715000000",
        1715000000000,
        "1715000000000",
        1715000000000000,
        "2024-05-06T12:53:20Z",
        "2024-05-06T20:53:20+08:00",
        "2024-05-06 20:53:20",
        "2024/5/6 20:53:20",
        "2024年5月6日 20:53:20",
    ],
)
def test_times_in_any_unit_and_spelling_are_the_same_moment(tmp_path: Path, timestamp: object) -> None:
    export = read(write(tmp_path, "a.json", [simple(timestamp=timestamp)]))
    assert export.items[0].sent_at == datetime(2024, 5, 6, 12, 53, 20, tzinfo=UTC)


def test_a_time_without_an_offset_is_in_the_zone_given(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", [simple(timestamp="2024-05-06 12:00")])
    there = timezone(timedelta(hours=-5))
    export = read_export(path, tenant="acme", author=ME, as_person="张三", zone=there)
    assert export.items[0].sent_at == datetime(2024, 5, 6, 17, 0, tzinfo=UTC)


def test_a_log_keeps_following_lines_with_the_message_before(tmp_path: Path) -> None:
    log = (
        "2024-05-06 20:53 张三：先看监控\n再看日志\n\n  make rollback\n"
        "2024/5/6 20:54:10 李四: 好的\n"
        "2024-05-06 20:55 王五 加入了群聊\n多余的一行\n"
        "[2024-05-06 20:56] 张三: 见 http://wiki/x\n"
    )
    export = read(write(tmp_path, "运维群.txt", log))

    assert [message.text for message in own(export)] == ["先看监控\n再看日志\n\n  make rollback", "见 http://wiki/x"]
    assert export.sources == {SourceId("file", "acme", "运维群"): "运维群.txt"}
    assert export.set_aside == {"system": 1}
    assert (export.read, export.senders) == (4, 2)


def test_lines_before_the_first_message_of_a_log_are_nobodys(tmp_path: Path) -> None:
    export = read(write(tmp_path, "a.log", "导出于昨天\n2024-05-06 20:53 张三：先看监控\n"))
    assert export.set_aside == {"malformed": 1}
    assert [message.text for message in own(export)] == ["先看监控"]


@pytest.mark.promise("C3")
@pytest.mark.parametrize(
    "text", ["「李四：怎么回滚？」\n- - - - - - - -\nmake rollback", "> 李四: 怎么回滚？\nmake rollback"]
)
def test_a_quoted_parent_in_the_text_does_not_come_through(tmp_path: Path, text: str) -> None:
    assert [m.text for m in read(write(tmp_path, "a.json", [simple(content=text)])).items] == ["make rollback"]


@pytest.mark.parametrize("content", ["[图片]", "[图片消息](mediaId=@abc)", "[聊天记录]\n李四：好的"])
def test_placeholders_for_what_is_not_text_are_set_aside(tmp_path: Path, content: str) -> None:
    export = read(write(tmp_path, "a.json", [simple(content=content), simple(content="点 [文件] 再导出")]))
    assert [message.text for message in export.items] == ["点 [文件] 再导出"]
    assert list(export.set_aside) in (["not text: image"], ["not text: forward"])


# ── DingTalk, Slack ──────────────────────────────────────────────────────────────────────────────────────────────────


def ding(content: str = "先看监控", *, message: str = "msg1", sender: str = "张三", **more: Any) -> dict[str, Any]:
    return {
        "openMessageId": message,
        "openConversationId": "cid1",
        "sender": sender,
        "senderOpenDingTalkId": f"id-{sender}",
        "content": content,
        "createTime": "2024-05-06 20:53:20",
        **more,
    }


@pytest.mark.promise("C3")
def test_messages_listed_by_dws_come_without_quotes_forwards_and_pictures(tmp_path: Path) -> None:
    items = [
        ding(quotedMessage={"openMessageId": "msg0", "content": "怎么办？", "sender": "李四"}),
        ding("李四：好的", message="msg2", forwardMessages=[{"content": "好的", "sender": "李四"}]),
        ding("[图片消息](mediaId=@lADP)", message="msg3"),
        ding("收到", message="msg4", sender="李四"),
    ]
    for content in ("\n".join(json.dumps(item) for item in items), {"result": {"messages": items}, "success": True}):
        export = read(write(tmp_path, "ding.ndjson" if isinstance(content, str) else "ding.json", content))
        assert list(export.sources) == [SourceId("dingtalk", "acme", "cid1")]
        assert [(m.id, m.text, m.reply_to) for m in own(export)] == [("msg1", "先看监控", "msg0")]
        assert own(export)[0].sent_at == datetime(2024, 5, 6, 12, 53, 20, tzinfo=UTC)
        assert export.set_aside == {"forwarded": 1, "not text: image": 1}


@pytest.mark.promise("C2")
def test_one_to_one_chats_of_a_dws_export_are_set_aside(tmp_path: Path) -> None:
    conversations = [
        {"openConversationId": "cid1", "title": "运维", "singleChat": False, "messages": [ding()]},
        {"openConversationId": "cid2", "title": "李四", "singleChat": True, "messages": [ding(message="msg2")]},
    ]
    export = read(write(tmp_path, "a.json", {"result": {"conversationMessagesList": conversations}}))

    assert export.sources == {SourceId("dingtalk", "acme", "cid1"): "运维"}
    assert export.set_aside == {"one-to-one chat": 1}


def test_flattened_dws_events_are_read_and_their_recalls_honoured(tmp_path: Path) -> None:
    def event(kind: str, message: str) -> dict[str, Any]:
        return {
            "type": kind,
            "event_id": f"e-{message}",
            "message_id": message,
            "conversation_id": "cid1",
            "sender": "张三",
            "sender_open_dingtalk_id": "id1",
            "content": "先看监控",
            "event_time": 1715000000000,
        }

    items = [
        event("user_im_message_receive_group_all", "m1"),
        event("user_im_message_receive_group_all", "m2"),
        event("user_im_message_recall_group", "m2"),
        event("user_im_message_receive_o2o_all", "m3"),
        event("user_im_group_member_added", "m4"),
    ]
    export = read(write(tmp_path, "a.ndjson", "\n".join(json.dumps(item) for item in items)))

    assert [message.id for message in own(export)] == ["m1"]
    assert export.set_aside == {"recalled": 2, "one-to-one chat": 1, "system": 1}


def slack_folder(folder: Path, *messages: Mapping[str, Any]) -> Path:
    users = [
        {"id": "U1", "name": "wei", "profile": {"display_name": "Wei", "real_name": "Wei Zhang"}},
        {"id": "U2", "name": "deploy", "profile": {"display_name": "", "real_name": "Lin Chen"}},
        {"id": "B1", "name": "buildbot", "is_bot": True},
    ]
    write(folder, "users.json", users)
    write(folder, "channels.json", [{"id": "C1", "name": "ops"}, {"id": "C2", "name": "../secret"}])
    write(folder, "dms.json", [{"id": "D1", "members": ["U1", "U2"]}])
    write(folder, "D1/2024-05-06.json", [{"type": "message", "user": "U1", "ts": "1715000000.1", "text": "private"}])
    write(folder, "ops/2024-05-06.json", list(messages))
    return folder


@pytest.mark.promise("C2")
def test_a_slack_folder_gives_plain_text_threads_and_no_direct_messages(tmp_path: Path) -> None:
    said = {"type": "message", "user": "U1", "ts": "1715000000.000100"}
    folder = slack_folder(
        tmp_path / "export",
        {**said, "text": "<@U2> run `a &lt; b &amp;&amp; c` see <https://wiki/x|the wiki>, <#C9|dev>, <!here>"},
        {**said, "user": "U2", "ts": "1715000060.000200", "text": "done", "thread_ts": "1715000000.000100"},
        {**said, "ts": "1715000070.000300", "subtype": "channel_join", "text": "<@U1> has joined"},
        {**said, "ts": "1715000080.000400", "subtype": "bot_message", "user": None, "text": "build failed"},
        {**said, "ts": "1715000090.000500", "text": "&gt; Lin said so\nI disagree"},
    )
    export = read(folder, "Wei Zhang")

    assert export.sources == {SourceId("slack", "acme", "C1"): "ops"}
    assert [message.text for message in own(export)] == [
        "@Lin Chen run `a < b && c` see the wiki (https://wiki/x), #dev, @here",
        "I disagree",
    ]
    assert own(export)[0].names == ("@Lin Chen", "Lin Chen")
    reply = next(message for message in export.items if message.text == "done")
    assert reply.reply_to == reply.thread == own(export)[0].id == "C1/1715000000.000100"
    assert export.set_aside == {"system": 1}


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_markdown_is_cut_at_its_headings_and_is_the_importers_own(tmp_path: Path) -> None:
    text = (
        "---\ntitle: x\n---\nBefore all.\n\n"
        "# Runbook\n## Deploy\nRun it.\n```\n# no heading\n```\n\n"
        "## Roll back\n> Note\n"
    )
    export = read(write(tmp_path, "runbook.md", text), "whoever")

    assert [(m.id, m.text) for m in export.items] == [
        ("runbook.md#1", "Before all."),
        ("runbook.md#2", "# Runbook\n## Deploy\nRun it.\n```\n# no heading\n```"),
        ("runbook.md#3", "## Roll back\n> Note"),
    ]
    assert {(m.author, m.form) for m in export.items} == {(ME, Form.DOCUMENT)}
    assert export.sources == {SourceId("file", "acme", "runbook"): "runbook.md"}


@pytest.mark.parametrize(
    ("csv", "texts"),
    [
        pytest.param("step,text\n1,Stop it\n2,\n", ["Stop it"], id="a column of text"),
        pytest.param(
            'step;what\n1;"Stop; then\nwait"\n\n2;\n', ["step: 1\nwhat: Stop; then\nwait", "step: 2"], id="none"
        ),
    ],
)
def test_a_csv_gives_a_document_for_each_row(tmp_path: Path, csv: str, texts: list[str]) -> None:
    export = read(write(tmp_path, "steps.csv", csv), "whoever")
    assert [message.text for message in export.items] == texts
    assert export.items[0].id == "steps.csv#1"
    assert export.own == len(texts)


@pytest.mark.promise("C3")
@pytest.mark.parametrize("header", ["sender_name,content,timestamp", "发送人,内容,时间"])
def test_a_csv_with_senders_is_a_chat_and_not_the_importers_own(tmp_path: Path, header: str) -> None:
    rows = "张三,先看监控,2024-05-06 20:53\n李四,好的,2024-05-06 20:54\n"
    export = read(write(tmp_path, "chat.csv", f"{header}\n{rows}"))
    assert [message.text for message in own(export)] == ["先看监控"]
    assert len(export.items) == 2


# ── identity, ids, order ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("C3")
def test_only_exactly_the_name_counts(tmp_path: Path) -> None:
    names = ["张三", "张三丰", "小张三", "张三 ", "張三", "张三\u200b", "张三\0"]
    export = read(write(tmp_path, "a.json", [simple(name, f"话{n}") for n, name in enumerate(names)]))
    assert [message.text for message in own(export)] == ["话0"]
    assert export.senders == len(names)


@pytest.mark.promise("C3")
def test_an_id_counts_before_a_name(tmp_path: Path) -> None:
    items = [simple("李四", "id", sender_id="张三"), simple("张三", "name", sender_id="u9"), simple("张三", "no id")]
    export = read(write(tmp_path, "a.json", items))
    assert [message.text for message in own(export)] == ["id"]


@pytest.mark.promise("C3")
def test_a_name_of_two_people_asks_for_the_id(tmp_path: Path) -> None:
    items = [simple(sender_id="u1"), simple(content="别的", sender_id="u2")]
    path = write(tmp_path, "a.json", items)
    with pytest.raises(BadInput, match="2 people with that name; give the id"):
        read(path)
    assert [message.text for message in own(read(path, "u2"))] == ["别的"]


def test_a_name_that_nobody_has_gives_no_own_words_and_the_number_of_senders(tmp_path: Path) -> None:
    export = read(write(tmp_path, "a.json", [simple("李四"), simple("王五")]), "张三")
    assert (export.own, export.senders) == (0, 2)


def test_a_lark_name_is_known_from_mentions(tmp_path: Path) -> None:
    items = [lark(), lark("@_user_1 谢谢", id="om_2", sender="ou_b", mentions=[mention("@_user_1", "ou_a", "张三")])]
    export = read(write(tmp_path, "a.json", items), "张三")
    assert [message.id for message in own(export)] == ["om_1"]
    assert export.items[1].mentions == (ME,)


def test_an_author_among_imported_strangers_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", [simple()])
    with pytest.raises(ValueError, match="mistaken"):
        read_export(path, tenant="acme", author=PersonId("file", "acme", "李四"), as_person="张三")


def test_names_of_others_in_the_text_are_listed_longest_first_and_only_as_whole_words(tmp_path: Path) -> None:
    items = [
        simple(content="请张三丰和 Ann 看，不是 Annual，问 @李四，我是张三"),
        *(simple(name, "好") for name in ("张三丰", "Ann", "李四", "王五", "的")),
    ]
    export = read(write(tmp_path, "a.json", items))
    assert own(export)[0].names == ("@李四", "Ann", "张三丰", "李四")
    assert all(message.names == () for message in export.items if message.author != ME)


def test_derived_ids_are_the_same_in_a_second_and_a_longer_export(tmp_path: Path) -> None:
    items = [simple(), simple(), simple(content="别的")]
    first = read(write(tmp_path, "a.json", items))
    again = read(write(tmp_path, "a.json", [simple("李四", "更早", 1714000000), *items]))
    ids = [message.id for message in own(first)]
    assert len(set(ids)) == 3
    assert [message.id for message in own(again)] == ids


def test_messages_come_oldest_first_in_each_source_also_from_an_export_that_begins_with_the_newest(
    tmp_path: Path,
) -> None:
    items = [
        simple(content=f"{chat}{n}", timestamp=1715000000 + n // 2, chat_id=chat) for n in range(6) for chat in "ab"
    ]
    expected = [item["content"] for chat in "ab" for item in items if item["chat_id"] == chat]
    for listed in (items, items[::-1]):
        export = read(write(tmp_path, "x.json", listed))
        assert sorted((m.text for m in export.items), key=expected.index) == expected
        for chat in "ab":
            texts = [message.text for message in export.items if message.source.key == chat]
            assert texts == [text for text in expected if text[0] == chat]
