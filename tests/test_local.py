"""The local platform: its invented team, its roster, and the terminal chat, played through pipes."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from itertools import count
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.cells import cell_len

from bot.core.label import LabelWords, label
from bot.core.messages import Message
from bot.core.people import Person, PersonId, Place, SourceId, Team
from bot.core.redact import redact
from bot.errors import BadInput, PlatformError, SetupError
from bot.ports import Archive, Roster, Voice
from connectors.local import demo
from connectors.local.desk import TeamDesk
from connectors.local.names import Names
from connectors.local.screen import flow, harmless
from connectors.local.team import PLATFORM, TENANT, LocalTeam, Member, Room
from connectors.local.terminal import Terminal
from connectors.local.voice import TerminalVoice
from connectors.local.words import words_in

person_id, place_id = LocalTeam.person_id, LocalTeam.place_id
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WORDS = LabelWords("【AI生成】{name}的工作流助手（AI，非本人）", "")


class FixedClock:
    def now(self) -> datetime:
        return NOW


class Terminals(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Assistant:
    """Answers everything that is said to it with a quote of it; `alone` and `elsewhere` in a text are obeyed."""

    def __init__(self, team: LocalTeam, voice: TerminalVoice) -> None:
        self.heard: list[Message] = []
        self._team, self._voice = team, voice

    async def hear(self, message: Message, place: Place) -> None:
        self.heard.append(message)
        if not message.to_assistant:
            return
        (text,) = label(f"You asked:\n> {message.text}", words=WORDS, name="魏岚", max_chars=1000)
        where = place_id("dm-wei") if "elsewhere" in message.text else place.id
        to = person_id("wei") if "alone" in message.text else None
        await self._voice.post(text, place=where, to=to, reply_to=message.id)


class Sitting:
    """A terminal over the invented team, with everything it printed."""

    def __init__(self, team: LocalTeam, *, tty: bool = False) -> None:
        self.out = Terminals() if tty else io.StringIO()
        numbers = count(1)
        self.voice = TerminalVoice(clock=FixedClock(), new_id=lambda: f"t{next(numbers)}", file=self.out)
        self.assistant = Assistant(team, self.voice)
        desk = TeamDesk(team, self.assistant.hear)
        self.terminal = Terminal(desk, self.voice, examples=demo.read().examples, commands=("/about",), language="en")

    async def script(self, *lines: str, person: Person | None = None, place: Place | None = None) -> str:
        await self.terminal.run(person=person, place=place, stdin=io.StringIO("\n".join(lines)))
        return self.out.getvalue()

    async def keys(self, typed: str, *, person: Person, place: Place) -> str:
        with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
            keyboard.send_text(typed)
            await self.terminal.run(person=person, place=place, stdin=Terminals())
        return self.out.getvalue()


@pytest.fixture
def team(tmp_path: Path) -> LocalTeam:
    team = LocalTeam(tmp_path / "local" / "team.json")
    demo.read().seed(team)
    return team


async def history(chat: str) -> list[Message]:
    return [message async for message in demo.read().archive.history(place_id(chat).as_source())]


async def everything() -> list[Message]:
    return [message for room in demo.read().rooms for message in await history(room.chat)]


# The invented team.


async def test_the_demo_has_about_two_hundred_messages_and_three_colleagues_who_wrote_most_of_them() -> None:
    authors = Counter(message.author for message in await everything())
    assert 190 <= authors.total() <= 260
    colleagues = demo.read().colleagues
    assert len(colleagues) == 3
    assert all(45 <= authors[colleague] <= 60 for colleague in colleagues)
    assert 8 <= len(demo.read().members) <= 10


async def test_every_message_of_the_demo_has_an_id_of_its_own_and_an_author_who_reads_the_place() -> None:
    messages = await everything()
    assert len({message.id for message in messages}) == len(messages)
    members = {place_id(room.chat).as_source(): room.members for room in demo.read().rooms}
    for message in messages:
        assert message.author is not None
        assert message.author.user in (members[message.source] or ()), message.id


async def test_the_demo_tells_its_messages_oldest_first_and_replies_only_to_what_was_said_before() -> None:
    for room in demo.read().rooms:
        said: set[str] = set()
        times = []
        for message in await history(room.chat):
            assert message.sent_at is not None
            assert datetime(2026, 2, 1, tzinfo=UTC) < message.sent_at < datetime(2026, 11, 1, tzinfo=UTC)
            assert message.reply_to is None or message.reply_to in said, message.id
            said.add(message.id)
            times.append(message.sent_at)
        assert times == sorted(times)


async def test_one_chat_of_the_demo_is_restricted_and_an_outsider_reads_in_another(team: LocalTeam) -> None:
    wishes = demo.read().wishes
    audiences = {source: {wish.audience for wish in wishes if wish.source == source} for source in _sources()}
    restricted = [source for source in _sources() if audiences[source] == {place_id(source.key)}]
    assert [source.key for source in restricted] == ["settlement"]
    places = [await team.place(place_id(room.chat)) for room in demo.read().rooms]
    assert [place.id.chat for place in places if place is not None and place.has_outsiders] == ["quillgate"]


def test_what_a_colleague_of_the_demo_ticks_is_a_source_where_they_read() -> None:
    members = {room.chat: room.members or () for room in demo.read().rooms}
    for wish in demo.read().wishes:
        assert wish.colleague in demo.read().colleagues
        assert wish.colleague.user in members[wish.source.key]
        assert isinstance(wish.audience, Team) or wish.audience.chat in members


async def test_an_example_question_rests_on_words_that_its_colleague_granted_to_its_place() -> None:
    said = {message.id: message for message in await everything()}
    examples = demo.read().examples
    assert {example.language for example in examples if example.answered} == {"zh", "en"}
    assert {example.language for example in examples if not example.answered} == {"zh", "en"}
    members = {room.chat: room.members or () for room in demo.read().rooms}
    for example in examples:
        assert example.asker.user in members[example.place.chat]
        for message in (said[id_] for id_ in example.rests_on):
            assert message.author == example.colleague
            audiences = {
                wish.audience
                for wish in demo.read().wishes
                if (wish.colleague, wish.source) == (example.colleague, message.source)
            }
            assert audiences & {Team(PLATFORM, TENANT), example.place}


@pytest.mark.promise("C6")
async def test_the_secret_and_the_number_in_the_demo_are_invented_and_do_not_survive_redaction() -> None:
    message = next(message for message in await history("ops") if message.id == "o065")
    # The example key of its vendor's own documentation, and a number that nobody was given.
    secrets = ("AKIAIOSFODNN7EXAMPLE", "13800138000")
    assert all(secret in message.text for secret in secrets)
    kept = redact(message.text, names=message.names).text
    assert not any(secret in kept for secret in secrets)
    others = "\n".join(other.text for other in await everything() if other.id != message.id)
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)|AKIA|\S@\S+\.\S|https?://", others)


@pytest.mark.promise("C7")
async def test_a_message_that_was_taken_back_is_not_in_the_history() -> None:
    assert "o068" not in {message.id for message in await history("ops")}
    assert "(recalled)" in (resources.files("connectors.local") / "demo" / "ops.txt").read_text(encoding="utf-8")


async def test_a_colleague_of_the_demo_pasted_an_order_to_machines() -> None:
    pasted = [message for message in await everything() if "Ignore all previous instructions" in message.text]
    assert [message.author in demo.read().colleagues for message in pasted] == [True]


@pytest.mark.promise("C3")
async def test_names_in_the_demo_are_found_as_they_are_written() -> None:
    messages = {message.id: message for message in await everything()}
    assert messages["o001"].mentions == (person_id("wei"),)
    assert messages["o001"].names == ("@wei",)
    assert messages["s002"].names == ("高源",)
    assert messages["s002"].mentions == ()


async def test_a_chat_that_the_demo_does_not_have_is_a_platform_error() -> None:
    with pytest.raises(PlatformError):
        await history("secret")


# Names.


def _people(*names: tuple[str, ...]) -> list[Person]:
    return [Person(person_id(f"u{number}"), each) for number, each in enumerate(names)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("问一下张三丰", ("张三丰",)),
        ("问一下张三", ("张三",)),
        ("找Tom看看", ("Tom",)),
        ("Tomorrow", ()),
        ("tom said", ()),
        ("@tom and @TOM", ("@tom", "@TOM")),
        ("mail a@tomb", ()),
        ("", ()),
    ],
)
def test_a_name_is_found_only_where_it_stands_as_one(text: str, found: tuple[str, ...]) -> None:
    assert Names(_people(("张三",), ("张三丰",), ("Tom",))).find(text)[1] == found


def test_a_name_that_two_people_bear_addresses_neither() -> None:
    names = Names(_people(("Li Na",), ("Li Na",)))
    assert names.find("@Li Na hi") == ((), ("@Li Na",))
    assert names.find("@u1 hi")[0] == (person_id("u1"),)


def test_without_people_there_are_no_names() -> None:
    assert Names([]).find("anybody") == ((), ())


# The roster.


async def test_the_roster_says_who_reads_where_and_who_is_an_outsider(team: LocalTeam) -> None:
    oskar = person_id("oskar")
    assert await team.places_of(oskar) == {place_id("quillgate"), place_id("dm-oskar")}
    assert await team.is_outsider(oskar)
    assert not await team.is_outsider(person_id("wei"))
    assert [person.id.user for person in team.readers(place_id("settlement"))] == ["song", "ines", "hechuan", "gao"]
    dm = await team.place(place_id("dm-wei"))
    assert dm is not None
    assert dm.one_to_one
    assert not dm.has_outsiders


async def test_whoever_is_of_another_tenant_is_nobody_here(team: LocalTeam) -> None:
    stranger = PersonId(PLATFORM, "other", "wei")
    assert await team.person(stranger) is None
    assert await team.places_of(stranger) == frozenset()
    assert await team.is_outsider(stranger)
    assert team.language(stranger) is None


async def test_an_open_place_is_read_by_everyone_here_but_outsiders(team: LocalTeam) -> None:
    place = team.register_place("import-1", name="old chat", members=None)
    assert not place.has_outsiders
    assert place.id in await team.places_of(person_id("lin"))
    assert place.id not in await team.places_of(person_id("oskar"))
    assert person_id("oskar") not in {person.id for person in team.readers(place.id)}


async def test_what_was_registered_is_there_when_the_file_is_opened_again(team: LocalTeam, tmp_path: Path) -> None:
    team.register_person("ann", names=["安娜", "lone \ud800 surrogate"], language="zh")
    again = LocalTeam(tmp_path / "local" / "team.json")
    assert again.everybody() == team.everybody()
    assert again.readable(person_id("song")) == team.readable(person_id("song"))


def test_a_running_team_sees_what_another_process_registered(team: LocalTeam, tmp_path: Path) -> None:
    LocalTeam(tmp_path / "local" / "team.json").register_person("ann", names=["Ann"])
    assert team.find_person("ann").name == "Ann"


def test_seeding_twice_changes_nothing(team: LocalTeam, tmp_path: Path) -> None:
    before = (tmp_path / "local" / "team.json").read_bytes()
    demo.read().seed(team)
    assert (tmp_path / "local" / "team.json").read_bytes() == before


def test_somebody_registered_again_gains_names_and_loses_nothing(team: LocalTeam) -> None:
    team.register_person("oskar", names=["O. Lindqvist"])
    team.register_person("lin", names=["Lin"], language="en")
    assert team.find_person("O. Lindqvist").names == ("Oskar Lindqvist", "Oskar", "O. Lindqvist")
    assert team.language(person_id("lin")) == "zh"
    assert not {place.id for place in team.readable(person_id("oskar"))} - {place_id("quillgate"), place_id("dm-oskar")}


@pytest.mark.promise("D3")
@pytest.mark.parametrize("members", [None, ["song", "lin"]])
def test_registering_a_place_again_does_not_let_others_read_it(team: LocalTeam, members: list[str] | None) -> None:
    with pytest.raises(BadInput, match="other readers"):
        team.register_place("settlement", name="资金清算", members=members)
    assert place_id("settlement") not in {place.id for place in team.readable(person_id("lin"))}


@pytest.mark.parametrize(
    "wrong",
    [
        Room("dm-wei", "x", None),
        Room("", "x", None),
        Room("a\nb", "x", None),
        Room("new", "x", frozenset({"nobody-here"})),
    ],
)
def test_a_place_that_cannot_be_is_refused_and_nothing_of_the_batch_stays(team: LocalTeam, wrong: Room) -> None:
    with pytest.raises(BadInput):
        team.register([Member("ann", ("Ann",))], [Room("fine", "fine", frozenset({"ann"})), wrong])
    with pytest.raises(BadInput):
        team.find_person("ann")


@pytest.mark.parametrize("wanted", ["wei", "local:team:wei", "魏岚", "Wei Lan"])
def test_a_person_is_found_by_id_or_exact_name(team: LocalTeam, wanted: str) -> None:
    assert team.find_person(wanted).id == person_id("wei")


@pytest.mark.parametrize("wanted", ["魏", "WEI", "wei ", "", "local:other:wei"])
def test_a_person_who_is_not_known_is_an_error_that_lists_who_is(team: LocalTeam, wanted: str) -> None:
    with pytest.raises(BadInput, match=r"known: wei, song, ines, lin, tom, zhao, mei, hechuan, gao, oskar$"):
        team.find_person(wanted)


def test_a_name_that_several_bear_is_an_error_that_lists_their_ids_and_no_name(team: LocalTeam) -> None:
    team.register_person("lin2", names=["林晓"])
    with pytest.raises(BadInput, match=r"lin, lin2$") as raised:
        team.find_person("林晓")
    assert "林晓" not in str(raised.value)
    assert team.find_person("lin").id.user == "lin"


def test_an_error_lists_no_more_than_twenty_ids(team: LocalTeam) -> None:
    team.register(Member(f"m{number}", ()) for number in range(100))
    with pytest.raises(BadInput, match=r"and 90 more$"):
        team.find_person("nobody")


@pytest.mark.parametrize(
    ("wanted", "chat"), [("ops", "ops"), ("发布与值班", "ops"), ("local:team:ops", "ops"), ("dm-wei", "dm-wei")]
)
def test_a_place_is_found_by_id_or_exact_name(team: LocalTeam, wanted: str, chat: str) -> None:
    assert team.find_place(wanted).id == place_id(chat)


def test_a_place_that_is_not_known_is_an_error_that_lists_what_is(team: LocalTeam) -> None:
    with pytest.raises(BadInput, match=r"known: ops, payments, settlement, quillgate$"):
        team.find_place("魏岚")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"people": [{}], "places": []}', '{"people": 3, "places": []}'])
async def test_a_damaged_team_is_an_error_that_names_its_file(team: LocalTeam, tmp_path: Path, content: str) -> None:
    file = tmp_path / "local" / "team.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SetupError, match=re.escape(str(file))):
        LocalTeam(file)
    with pytest.raises(PlatformError):
        await team.places_of(person_id("wei"))


async def test_a_team_without_a_file_is_empty(tmp_path: Path) -> None:
    team = LocalTeam(tmp_path / "team.json")
    assert await team.people() == ()
    with pytest.raises(BadInput, match="known: none yet"):
        team.find_person("wei")


def test_the_local_platform_fits_its_ports(team: LocalTeam) -> None:
    roster: Roster = team
    archive: Archive = demo.read().archive
    voice: Voice = TerminalVoice(clock=FixedClock(), file=io.StringIO())
    assert all((roster, archive, voice))


# The terminal, from a script.


async def test_a_script_chooses_who_and_where_asks_and_reads_the_answer(team: LocalTeam) -> None:
    sitting = Sitting(team)
    out = await sitting.script("/as lin", "/in ops", "怎么回滚？ @wei", "")
    (message,) = sitting.assistant.heard
    assert (message.author, message.source) == (person_id("lin"), place_id("ops").as_source())
    assert message.text == "怎么回滚？ @wei"
    assert message.mentions == (person_id("wei"),)
    assert message.to_assistant
    assert message.sent_at == NOW
    assert out.endswith(
        "林晓: 怎么回滚？ @wei\n【AI生成】魏岚的工作流助手（AI，非本人）\nYou asked:\n> 怎么回滚？ @wei\n\n"
    )
    assert "\x1b" not in out


async def test_what_is_said_to_the_others_is_not_said_to_the_assistant(team: LocalTeam) -> None:
    sitting = Sitting(team)
    await sitting.script("/as wei", "/in ops", "/say 收到", "/in dm-wei", "/say hi")
    assert [message.to_assistant for message in sitting.assistant.heard] == [False, True]


@pytest.mark.parametrize(
    ("lines", "where", "what"),
    [
        (["/as nobody"], "line 1", "There are: wei, song"),
        (["/as"], "line 1", "for example /as wei"),
        (["hello"], "line 1", "First say who you are"),
        (["/in ops"], "line 1", "First say who you are"),
        (["/as lin", "/in nowhere"], "line 2", "There are: ops, payments, quillgate, dm-lin"),
        (["/as lin", "", "/in settlement"], "line 3", "There are: ops, payments, quillgate, dm-lin"),
        (["/as lin", "/in dm-wei"], "line 2", "There are: ops, payments, quillgate, dm-lin"),
        (["/as lin", "/say"], "line 2", "for example /say"),
        (["/try 99"], "line 1", "only 1 to 7"),
        (["/try x"], "line 1", "only 1 to 7"),
    ],
)
async def test_a_script_ends_at_a_line_that_cannot_be_obeyed_and_nothing_after_it_is_said(
    team: LocalTeam, lines: list[str], where: str, what: str
) -> None:
    sitting = Sitting(team)
    with pytest.raises(BadInput, match=what) as raised:
        await sitting.script(*lines, "this must not be said")
    assert raised.value.where == where
    assert sitting.assistant.heard == []


async def test_a_name_that_two_people_bear_is_asked_back_by_id(team: LocalTeam) -> None:
    team.register_person("lin2", names=["林晓"])
    with pytest.raises(BadInput, match="use the id: lin, lin2"):
        await Sitting(team).script("/as 林晓")


async def test_a_sitting_does_not_begin_where_the_person_does_not_read(team: LocalTeam) -> None:
    with pytest.raises(BadInput, match="does not read it"):
        await Sitting(team).script(person=team.find_person("lin"), place=team.find_place("settlement"))


async def test_who_switches_to_somebody_that_does_not_read_here_is_alone_with_the_assistant(team: LocalTeam) -> None:
    sitting = Sitting(team)
    out = await sitting.script("/as song", "/in settlement", "/as lin", "hello")
    assert sitting.assistant.heard[0].source == place_id("dm-lin").as_source()
    assert "not in that place" in out


@pytest.mark.promise("D3")
async def test_what_one_person_alone_may_read_is_printed_for_nobody_else(team: LocalTeam) -> None:
    sitting = Sitting(team)
    out = await sitting.script("/as lin", "/in ops", "alone please")
    assert "You asked" not in out
    assert "/as wei" in out
    out = await sitting.script("/as wei")
    assert out.count("You asked") == 1


async def test_what_is_posted_elsewhere_is_announced_and_printed_when_one_comes_there(team: LocalTeam) -> None:
    sitting = Sitting(team)
    out = await sitting.script("/as lin", "/in ops", "elsewhere please")
    assert "You asked" not in out
    assert "/as wei, /in dm-wei" in out
    assert "You asked" in await sitting.script("/as wei", "/in dm-wei")
    assert (await sitting.script("/as wei", "/in ops", "/in dm-wei")).count("You asked") == 1


async def test_help_is_one_line_and_lists_commands_and_example_questions(team: LocalTeam) -> None:
    out = await Sitting(team).script("?")
    assert "/as NAME" in out
    assert "/about" in out
    assert demo.read().examples[-1].text in out
    assert "should be declined" in out


async def test_an_example_is_asked_as_the_right_person_in_the_right_place(team: LocalTeam) -> None:
    sitting = Sitting(team)
    await sitting.script("/try 1")
    example = next(example for example in demo.read().examples if example.language == "en")
    (message,) = sitting.assistant.heard
    assert (message.text, message.author) == (example.text, example.asker)
    assert message.source == example.place.as_source()


async def test_a_question_mark_before_other_words_is_a_question(team: LocalTeam) -> None:
    sitting = Sitting(team)
    await sitting.script("/as lin", "? really", "/quit", "not read any more")
    assert [message.text for message in sitting.assistant.heard] == ["? really"]


async def test_bytes_that_are_no_text_do_not_end_the_chat(team: LocalTeam) -> None:
    sitting = Sitting(team)
    stdin = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf/as lin\r\n\xff\xfe hello\r\n"), encoding="utf-8")
    await sitting.terminal.run(stdin=stdin)
    assert [message.text for message in sitting.assistant.heard] == ["\ufffd\ufffd hello"]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_menus_speak_the_language_of_whoever_speaks(
    team: LocalTeam, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8" if language == "zh" else "en_GB.UTF-8")
    team.register_person("ann", names=["Ann"])
    out = io.StringIO()
    voice = TerminalVoice(clock=FixedClock(), file=out)
    terminal = Terminal(TeamDesk(team, Assistant(team, voice).hear), voice)
    for user, expected in (("lin", "与助手单聊"), ("tom", "alone with the assistant")):
        await terminal.run(stdin=io.StringIO(f"/as {user}\n/in dm-{user}\n"))
        assert expected in out.getvalue()
    out.truncate(0)
    await terminal.run(stdin=io.StringIO("/as ann\n/in dm-ann\n"))
    assert ("与助手单聊" if language == "zh" else "alone with the assistant") in out.getvalue()


# The terminal, from a keyboard.


async def test_help_is_one_keystroke(team: LocalTeam) -> None:
    for key in ("?", "？", "\x1bOP"):
        sitting = Sitting(team, tty=True)
        out = await sitting.keys(f"{key}\x04", person=team.find_person("tom"), place=team.find_place("ops"))
        assert "Ctrl-P" in out
        assert sitting.assistant.heard == []


async def test_a_question_mark_within_a_line_is_typed(team: LocalTeam) -> None:
    sitting = Sitting(team, tty=True)
    await sitting.keys("why?\r\x04", person=team.find_person("tom"), place=team.find_place("ops"))
    assert "why?" in sitting.out.getvalue()


async def test_a_menu_changes_who_speaks_and_another_where_and_half_a_line_is_kept(team: LocalTeam) -> None:
    sitting = Sitting(team, tty=True)
    # From Tom two up is Ines, from ops one down is payments.
    typed = "half \x10\x1b[A\x1b[A\r\x0f\x1b[B\rtyped\r\x04"
    await sitting.keys(typed, person=team.find_person("tom"), place=team.find_place("ops"))
    assert "half typed" in sitting.out.getvalue()
    assert "Ines Duarte" in sitting.out.getvalue()
    assert "支付与报表" in sitting.out.getvalue()


async def test_a_wrong_command_at_the_keyboard_is_told_and_the_chat_goes_on(team: LocalTeam) -> None:
    sitting = Sitting(team, tty=True)
    typed = "/in settlement\r/as nobody\r/say ok\r\x03"
    out = await sitting.keys(typed, person=team.find_person("lin"), place=team.find_place("ops"))
    assert out.count("! ") == 2
    assert "Bye." in out


# How it looks.


@pytest.mark.parametrize("width", [8, 20, 41, 80])
def test_text_is_wrapped_by_the_cells_it_takes_and_nothing_of_it_is_lost(width: int) -> None:
    text = (
        "先跑 `make rollback SERVICE=checkout-api`，然后（如果还没恢复）回滚。averyveryverylongwordwithoutblanks 完成！"
    )
    lines = flow(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line[:1] in "，。）！" for line in lines if line)
    assert not any(line.endswith("（") for line in lines)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("\x9b31m\x7f", "\ufffd31m\ufffd"),
        ("rm \u202e-rf", "rm -rf"),
        ("\ud800", "\ufffd"),
        ("👩\u200d💻 ok\t。", "👩\u200d💻 ok\t。"),
    ],
)
def test_what_others_wrote_cannot_steer_the_terminal(written: str, shown: str) -> None:
    assert harmless(written) == shown


async def test_escapes_and_markup_in_a_message_are_shown_as_they_are(team: LocalTeam) -> None:
    for tty in (True, False):
        sitting = Sitting(team, tty=tty)
        await sitting.script("/as lin", "[bold]x[/bold] :smile: \x1b[2J")
        assert "[bold]x[/bold] :smile: ␛[2J" in sitting.out.getvalue()


def test_both_languages_of_the_terminal_have_the_same_texts_with_the_same_parts() -> None:
    def parts(texts: dict[str, str]) -> dict[str, list[str]]:
        return {name: sorted(re.findall(r"{\w+}", text)) for name, text in texts.items()}

    assert parts(words_in("zh").texts) == parts(words_in("en").texts)
    assert len(words_in("zh").keys) == len(words_in("en").keys)


def _sources() -> Sequence[SourceId]:
    return [place_id(room.chat).as_source() for room in demo.read().rooms]
