"""Bringing in files at this machine, with what the colleague types as a script: the ledger and the shelf are real."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.core.consent import Paused, State
from bot.core.people import PersonId, Team
from bot.errors import BadInput, NotGranted
from bot.importing import account, bring_in
from bot.settings import Settings
from bot.wire import App, local_team, open_app
from connectors.local.enrolment import Form
from connectors.local.team import LocalTeam

YES_TO_ALL = "y\ny\ny\n\ny\n"
"""The notice is read; this source; everybody in the organisation; nothing struck; the rest may be used."""


@dataclass(frozen=True)
class Desk:
    """Somebody at this machine."""

    app: App
    team: LocalTeam

    async def types(self, typed: str, *files: Path, person: str = "张三") -> tuple[dict[str, Any], str]:
        """Import the files while this is typed; gives what was printed at the end, and what was shown before."""
        shown = io.StringIO()
        form = Form(io.StringIO(typed), shown, partial(self.app.wording.say, language="en"))
        result = await bring_in(
            files,
            person=person,
            form=form,
            language="en",
            app=self.app,
            team=self.team,
            progress=lambda name: lambda done, total: None,
        )
        return result, shown.getvalue()

    async def refuses(self, typed: str, *files: Path, person: str = "张三") -> State:
        """Import the files while this is typed, which is not enough; gives where the colleague stands then."""
        with pytest.raises(NotGranted):
            await self.types(typed, *files, person=person)
        return (await self.app.ledger.consent(self.person(person))).state

    def person(self, user: str = "张三") -> PersonId:
        return self.team.person_id(user)

    async def held(self, user: str = "张三") -> list[str]:
        consent = await self.app.ledger.consent(self.person(user))
        sources = {grant.source for grant in consent.grants}
        return [passage.text for passage in await self.app.library.browse(self.person(user), sources=sources)]

    async def answers(self, user: str = "张三") -> bool:
        consent = await self.app.ledger.consent(self.person(user))
        return bool(consent.answering(self.app.clock.now()))


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    settings = Settings(data=folder / "data", embedder="none")
    async with open_app(settings) as app:
        yield Desk(app, local_team(settings))


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def item(sender: str, content: str, at: int) -> dict[str, Any]:
    return {"sender_name": sender, "content": content, "timestamp": 1_715_000_000 + at * 3600}


CHAT = [
    item("张三", "回滚用 make rollback，先在群里喊一声", 0),
    item("李四", "钱包服务每晚清空", 1),
    item("张三", "发布前要两个人看过", 2),
    item("张三丰", "我不是张三", 3),
]


def chat(folder: Path) -> Path:
    return write(folder, "ops.json", CHAT)


# ── each format, all the way ─────────────────────────────────────────────────────────────────────────────────────────


def of_lark(folder: Path) -> Path:
    def message(number: int, sender: str, text: str) -> dict[str, Any]:
        return {
            "message_id": f"om_{number}",
            "msg_type": "text",
            "create_time": str(1_715_000_000_000 + number * 3_600_000),
            "chat_id": "oc_ops",
            "sender": {"id": sender, "id_type": "open_id", "sender_type": "user"},
            "body": {"content": json.dumps({"text": text})},
        }

    items = [message(1, "ou_a", "Roll back with make rollback"), message(2, "ou_b", "What about the wallet?")]
    return write(folder, "lark.json", {"code": 0, "data": {"items": items}})


def of_dingtalk(folder: Path) -> Path:
    rows = [
        {"openMessageId": "1", "openConversationId": "c", "sender": "A", "senderOpenDingTalkId": "ou_a"}
        | {"content": "Roll back with make rollback", "createTime": "2024-05-06 10:00:00"},
        {"openMessageId": "2", "openConversationId": "c", "sender": "B", "senderOpenDingTalkId": "ou_b"}
        | {"content": "What about the wallet?", "createTime": "2024-05-06 11:00:00"},
    ]
    return write(folder, "dws.ndjson", "\n".join(map(json.dumps, rows)))


def of_slack(folder: Path) -> Path:
    write(folder, "slack/users.json", [{"id": "ou_a", "name": "a"}, {"id": "ou_b", "name": "b"}])
    write(folder, "slack/channels.json", [{"id": "C1", "name": "ops"}])
    messages = [
        {"type": "message", "user": "ou_a", "text": "Roll back with make rollback", "ts": "1715000000.000100"},
        {"type": "message", "user": "ou_b", "text": "What about the wallet?", "ts": "1715003600.000100"},
    ]
    write(folder, "slack/ops/2024-05-06.json", messages)
    return folder / "slack"


def of_log(folder: Path) -> Path:
    return write(
        folder,
        "chat.txt",
        "2024-05-06 10:00 ou_a：Roll back with make rollback\n2024-05-06 11:00 ou_b：What about the wallet?\n",
    )


def of_markdown(folder: Path) -> Path:
    return write(folder, "runbook.md", "# Rolling back\n\nRoll back with make rollback\n")


def of_csv(folder: Path) -> Path:
    return write(folder, "faq.csv", "content\nRoll back with make rollback\n")


@pytest.mark.parametrize(
    "export",
    [of_lark, of_dingtalk, of_slack, of_log, of_markdown, of_csv],
    ids=["lark", "dingtalk", "slack", "log", "markdown", "csv"],
)
async def test_an_export_of_any_kind_comes_in_once_the_colleague_has_said_yes_to_all(
    tmp_path: Path, export: Callable[[Path], Path]
) -> None:
    async with desk(tmp_path) as at:
        result, _ = await at.types(YES_TO_ALL, export(tmp_path), person="ou_a")
        (text,) = await at.held("ou_a")
        assert text.endswith("Roll back with make rollback")
        assert await at.answers("ou_a")
    assert result["read"] == result["kept"] + sum(result["dropped"].values())
    assert {key: result[key] for key in ("kept", "passages", "new")} == {"kept": 1, "passages": 1, "new": 1}


@pytest.mark.promise("C3")
async def test_only_the_words_of_exactly_this_person_come_in(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        result, shown = await at.types(YES_TO_ALL, chat(tmp_path))
        assert await at.held() == ["回滚用 make rollback，先在群里喊一声", "发布前要两个人看过"]
        for theirs in ("钱包服务", "我不是张三"):
            assert theirs not in shown
    assert result["dropped"] == {"not their words": 2}
    assert set(result) == {"read", "kept", "dropped", "passages", "new", "seconds"}


# ── saying no ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("B1")
@pytest.mark.promise("B10")
@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        pytest.param("n\n", State.NOTICE_SHOWN, id="no to the notice"),
        pytest.param("", State.NOTICE_SHOWN, id="nothing at all"),
        pytest.param("\n\n\n\n\n", State.NOTICE_SHOWN, id="return alone is no yes"),
        pytest.param("y\nn\n", State.NOTICE_SHOWN, id="no to the source"),
        pytest.param("y\n", State.NOTICE_SHOWN, id="the input ends after the notice"),
        pytest.param("y\ny\nn\n", State.NOTICE_SHOWN, id="no to every audience"),
        pytest.param("maybe\nperhaps\n", State.NOTICE_SHOWN, id="neither yes nor no, then the end"),
        pytest.param("y\ny\ny\n", State.GRANTED, id="the input ends before the preview"),
        pytest.param("y\ny\ny\n\n", State.GRANTED, id="the input ends before the last yes"),
        pytest.param("y\ny\ny\n\nn\n", State.GRANTED, id="no to the rest"),
    ],
)
async def test_anything_but_the_colleagues_own_yes_to_the_end_answers_nothing(
    tmp_path: Path, typed: str, stands: State
) -> None:
    async with desk(tmp_path) as at:
        assert await at.refuses(typed, chat(tmp_path)) is stands
        assert not await at.answers()
        if stands is State.NOTICE_SHOWN:
            assert await at.app.library.count(at.person()) == 0


async def test_somebody_who_said_no_may_say_yes_later(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.refuses("n\n", chat(tmp_path))
        result, _ = await at.types(YES_TO_ALL, chat(tmp_path))
        assert result["new"] == 2
        assert await at.answers()


async def test_an_interrupted_preview_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.refuses("y\ny\ny\n", chat(tmp_path))
    async with desk(tmp_path) as at:
        result, shown = await at.types("\ny\n", chat(tmp_path))
        assert result["new"] == 0, "it was gathered before"
        assert "Please read this notice first" not in shown
        assert "回滚用 make rollback" in shown
        assert await at.answers()


async def test_the_same_file_again_asks_nothing_and_adds_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.types(YES_TO_ALL, chat(tmp_path))
        result, shown = await at.types("", chat(tmp_path))
        assert (result["read"], result["kept"], result["new"], shown) == (4, 2, 0, "")


async def test_during_a_pause_nothing_is_asked_and_nothing_comes_in(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.types(YES_TO_ALL, chat(tmp_path))
        await at.app.ledger.append(Paused(at.person(), at.app.clock.now()))
        with pytest.raises(NotGranted, match="paused"):
            await at.types(YES_TO_ALL, write(tmp_path, "more.json", [item("张三", "更多的话要说", 9)]))
        assert len(await at.held()) == 2


# ── ticking and striking ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("B4")
async def test_what_is_struck_is_shown_once_and_never_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        _, shown = await at.types("y\ny\ny\n1\ny\n", chat(tmp_path))
        assert await at.held() == ["发布前要两个人看过"]
        assert "May the rest be used from now on? Passages: 1." in shown
        result, _ = await at.types("", chat(tmp_path))
        assert (result["new"], result["dropped"]["struck"]) == (0, 1)
        assert await at.held() == ["发布前要两个人看过"]


@pytest.mark.parametrize("wrong", ["3", "0", "-1", "1 x", "²", "9" * 5000])
async def test_a_number_that_does_not_exist_is_asked_for_again(tmp_path: Path, wrong: str) -> None:
    async with desk(tmp_path) as at:
        _, shown = await at.types(f"y\ny\ny\n{wrong}\n2，1 1\ny\n", chat(tmp_path))
        assert "There are no such numbers" in shown
        assert await at.held() == []


@pytest.mark.promise("B3")
async def test_of_two_files_one_may_be_ticked_and_the_other_not(tmp_path: Path) -> None:
    other = write(tmp_path, "pay.json", [item("张三", "退款超过五百要财务签字", 0)])
    async with desk(tmp_path) as at:
        result, _ = await at.types("y\ny\ny\nn\n\ny\n", chat(tmp_path), other)
        assert await at.held() == ["回滚用 make rollback，先在群里喊一声", "发布前要两个人看过"]
        assert result["dropped"] == {"not their words": 2, "not granted": 1}
        (grant,) = (await at.app.ledger.consent(at.person())).grants
        assert grant.audience == Team(at.person().platform, at.person().tenant)


@pytest.mark.promise("B3")
async def test_an_audience_can_be_single_places(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for chat_ in ("ops", "pay"):
            at.team.register_place(chat_, name=chat_, members=None)
        await at.types("y\ny\nn\nn\ny\n\ny\n", chat(tmp_path))
        (grant,) = (await at.app.ledger.consent(at.person())).grants
        assert grant.audience == at.team.place_id("pay")


async def test_two_files_of_one_chat_are_ticked_once_and_their_overlap_comes_in_once(tmp_path: Path) -> None:
    first = write(tmp_path, "monday/ops.json", CHAT[:3])
    second = write(tmp_path, "tuesday/ops.json", [*CHAT[2:], item("张三", "周报六点发", 8)])
    async with desk(tmp_path) as at:
        result, shown = await at.types(YES_TO_ALL, second, first)
        assert shown.count("May I use what you wrote") == 1
        assert await at.held() == ["回滚用 make rollback，先在群里喊一声", "发布前要两个人看过", "周报六点发"]
        assert result["read"] == 6
        assert result["read"] == result["kept"] + sum(result["dropped"].values())
        assert (await at.types("", first, second))[0]["new"] == 0


# ── who it is ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("B1")
async def test_a_name_that_nobody_has_exactly_brings_in_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        with pytest.raises(BadInput, match="none of its 3 senders has exactly the id or name"):
            await at.types(YES_TO_ALL, chat(tmp_path), person="张")
        assert at.team.everybody() == ()
        assert await at.app.ledger.consents() == []


async def test_a_name_that_two_people_of_the_export_have_asks_for_an_id(tmp_path: Path) -> None:
    items = [{**item("张三", "发布前要两个人看过", n), "sender_id": f"u{n}"} for n in range(2)]
    async with desk(tmp_path) as at:
        with pytest.raises(BadInput, match="2 people with that name; give the id"):
            await at.types(YES_TO_ALL, write(tmp_path, "two.json", items))
        assert (await at.types(YES_TO_ALL, write(tmp_path, "two.json", items), person="u1"))[0]["kept"] == 1


async def test_a_name_that_two_people_of_the_team_have_asks_for_an_id(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for user in ("zhang1", "zhang2"):
            at.team.register_person(user, names=["张三"])
        with pytest.raises(BadInput, match="say which by id: zhang1, zhang2"):
            await at.types(YES_TO_ALL, chat(tmp_path))


async def test_somebody_of_the_team_is_known_by_their_name_in_the_export(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.team.register_person("zhang", names=["张三"])
        await at.types(YES_TO_ALL, chat(tmp_path))
        assert len(await at.held("zhang")) == 2
        assert [person.id.user for person in at.team.everybody()] == ["zhang"]


async def test_one_file_that_cannot_be_read_stops_all_before_anything_is_asked_or_written(tmp_path: Path) -> None:
    broken = write(tmp_path, "broken.json", '[{"sender_name": "张三", "content": "发布')
    async with desk(tmp_path) as at:
        with pytest.raises(BadInput, match=r"broken\.json, line 1"):
            await at.types(YES_TO_ALL, chat(tmp_path), broken)
        assert await at.app.ledger.consents() == []


def test_an_account_without_a_name_is_given_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert account().startswith("account ")
