"""`bot.wording` and the words in prompts/: complete in every language, strictly filled in, and true to the promises."""

from __future__ import annotations

import ast
import hashlib
import shutil
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.core.commands import Verb
from bot.core.consent import State
from bot.core.label import WITHIN, is_labelled, label
from bot.core.questions import Fixed, Language
from bot.errors import SetupError
from bot.wording import AT_MOST, LANGUAGES, NoticeFacts, Recipient, Wording, variables_of

ROOT = Path(__file__).resolve().parent.parent
WORDING = Wording.load()

FACTS = NoticeFacts(
    operator="Acme Ltd, 1 Harbour Road",
    contact="privacy@acme.example",
    complaints="ombudsperson@acme.example",
    hosting="Acme's own server, Germany",
    recipients=(Recipient("model m-1 at models.example", "Ireland", "dpo@models.example"),),
    reward="two hours of leave a month",
    consultation="works council 2026-14",
    window_days=180,
    consent_days=181,
    answers_days=31,
    ledger_months=6,
    records_years=3,
    backup_days=29,
)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """A copy of prompts/ to spoil."""
    return Path(shutil.copytree(str(resources.files("prompts")), tmp_path / "prompts"))


def spoil(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


# ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_words_are_filled_in() -> None:
    assert WORDING.say("verify_yes", language="en", reference="a1", date="2026-06-01") == (
        "Yes, I sent this on 2026-06-01. Reference a1."
    )
    assert "编号 a1" in WORDING.say("verify_yes", language="zh", reference="a1", date="2026-06-01")


@pytest.mark.parametrize(
    ("key", "variables"),
    [
        pytest.param("no_such_words", {}, id="unknown key"),
        pytest.param("error", {}, id="missing variable"),
        pytest.param("error", {"reference": "a1", "name": "Wei"}, id="unknown variable"),
    ],
)
def test_another_key_or_other_variables_raise_at_once(key: str, variables: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        WORDING.say(key, language="en", **variables)


def test_what_is_filled_in_is_never_read_as_a_template() -> None:
    said = WORDING.say("error", language="en", reference="{name.__class__} {0} %s $x")
    assert "{name.__class__} {0} %s $x" in said


@pytest.mark.parametrize("template", ["{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{}", "{0}", "{A}", "{a", "a}"])
def test_a_placeholder_is_a_plain_name_and_nothing_else(template: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (some of these are Python's own words)
        variables_of(template)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prompt_for_a_model_is_given_as_the_file_has_it(prompts: Path, language: Language) -> None:
    (prompts / f"draft.{language}.md").write_text('Answer as {"steps": []}.\n', encoding="utf-8")
    (prompts / f"draft.{next(each for each in LANGUAGES if each != language)}.md").write_text("x", encoding="utf-8")
    assert Wording.load(prompts).prompt("draft", language) == 'Answer as {"steps": []}.'
    with pytest.raises(KeyError):
        WORDING.prompt("no_such_prompt", language)


# ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        pytest.param("say.zh.toml", "identity =", "identify =", "identity", id="a key that one language lacks"),
        pytest.param("say.en.toml", "{date}. Reference", "that day. Reference", "verify_yes", id="a variable lost"),
        pytest.param("say.en.toml", "{date}. Reference", "{date.year}. Reference", "verify_yes", id="an attribute"),
        pytest.param("say.en.toml", 'left_out = "[…]"', 'left_out = ""', "left_out", id="no words"),
        pytest.param("say.en.toml", 'undated = "undated"', "undated = 1", "undated", id="not text"),
        pytest.param("say.en.toml", "[reply]", "[replies]", "reply.quoted", id="a table misnamed"),
        pytest.param("say.en.toml", "[state]", "[state", "say.en.toml", id="no TOML"),
        pytest.param("say.zh.toml", '"【AI生成】{name}', '"{name}', "label.head", id="a label that is none"),
        pytest.param("say.en.toml", "{name}'s own", "{who}'s own", "reply.generated", id="core lacks it"),
        pytest.param("notice.en.md", "{complaints}", "us", "notice.en.md", id="a fact that the notice leaves out"),
        pytest.param("notice.en.md", "{complaints}", "{complaint}", "notice.en.md", id="a fact that there is not"),
        pytest.param("notice.en.md", "{complaints}", "{complaints!r}", "notice.en.md", id="a conversion"),
    ],
)
def test_words_that_do_not_fit_do_not_load(prompts: Path, file: str, before: str, after: str, told: str) -> None:
    spoil(prompts / file, before, after)
    with pytest.raises(SetupError, match=told):
        Wording.load(prompts)


def test_all_that_does_not_fit_is_told_at_once(prompts: Path) -> None:
    spoil(prompts / "say.zh.toml", "identity =", "identify =")
    spoil(prompts / "notice.zh.md", "{complaints}", "")
    (prompts / "reply.en.md").unlink()
    with pytest.raises(SetupError) as raised:
        Wording.load(prompts)
    told = str(raised.value)
    assert all(what in told for what in ("identity", "identify", "notice.zh.md", "reply.en.md"))


@pytest.mark.parametrize("file", ["say.zh.toml", "say.en.toml", "notice.zh.md", "notice.en.md"])
def test_a_file_that_is_missing_is_told_by_its_name(prompts: Path, file: str) -> None:
    (prompts / file).unlink()
    with pytest.raises(SetupError, match=file):
        Wording.load(prompts)


# ── what the code says is there ──────────────────────────────────────────────────────────────────────────────────────


def test_whatever_the_code_says_has_words_with_exactly_the_variables_it_gives() -> None:
    wrong = []
    for path in (*sorted((ROOT / "bot").rglob("*.py")), ROOT / "connectors" / "local" / "enrolment.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "say"):
                continue
            match call.args:
                case [ast.Constant(value=str(key))]:
                    given = {keyword.arg: "x" for keyword in call.keywords if keyword.arg and keyword.arg != "language"}
                    try:
                        WORDING.say(key, language="en", **given)
                    except KeyError as error:
                        wrong.append(f"{path.name}:{call.lineno}: {error}")
    assert wrong == []


@pytest.mark.promise("A3")
@pytest.mark.promise("A4")
@pytest.mark.promise("D4")
@pytest.mark.parametrize("kind", Fixed)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fixed_reply_has_words_that_depend_on_nothing(kind: Fixed, language: Language) -> None:
    assert WORDING.say(kind.value, language=language)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_a_consent_has_a_word(state: State, language: Language) -> None:
    assert WORDING.say(f"state.{state.name.lower()}", language=language)


@pytest.mark.parametrize("verb", Verb)
def test_help_names_every_command(verb: Verb) -> None:
    assert f"/{verb.value}" in WORDING.say("help", language="en")


@pytest.mark.promise("D2")
@pytest.mark.parametrize("language", LANGUAGES)
def test_declining_says_neither_whose_words_nor_why(language: Language) -> None:
    said = WORDING.say("declined", language=language, reference="a1")
    assert not any(word in said.lower() for word in ("permi", "allow", "consent", "found", "权限", "同意", "没找到"))


@pytest.mark.promise("A5")
@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["AI assistant", "Whose words", "AI-generated", "What I don't do", "object"]),
        ("zh", ["AI 助手", "用谁的内容", "【AI生成】", "我做不到的", "异议"]),
    ],
)
@pytest.mark.parametrize("key", ["about"])
def test_about_says_what_it_is_whose_words_what_it_cannot_how_to_object_and_how_labels_look(
    key: str, language: Language, told: list[str]
) -> None:
    said = WORDING.say(key, language=language)
    assert [part for part in told if part not in said] == []


# ── the label ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("A1")
@pytest.mark.parametrize("somebody", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_label_of_every_language_is_a_label_and_has_a_tail(language: Language, somebody: bool) -> None:
    words = WORDING.label(language, somebody=somebody)
    (text,) = label("words", words=words, name="Wei Lan", max_chars=4000)
    assert is_labelled(text.text)
    assert words.tail
    assert not text.text.endswith("words")


@pytest.mark.promise("A1")
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_however_long_pushes_the_mark_out_of_sight(language: Language) -> None:
    (text,) = label("words", words=WORDING.label(language, somebody=True), name="N" * 500, max_chars=9000)
    assert is_labelled(text.text[:WITHIN])


@pytest.mark.promise("A1")
def test_the_label_reads_as_promised() -> None:
    assert WORDING.label("zh", somebody=True).head == "【AI生成】{name}的工作流助手（AI，非本人）"
    assert WORDING.label("en", somebody=True).head == (
        "[AI生成 · AI-generated] {name}'s workflow assistant (AI, not {name})"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_round_an_answer_fit_what_core_fills_in(language: Language) -> None:
    words = WORDING.reply(language)
    assert words.quoted.format(name="Wei").count("Wei") == words.generated.format(name="Wei").count("Wei") == 1
    assert words.source.format(n=1, name="Wei", place="ops", date="2026-06-01") == "[1] Wei · ops · 2026-06-01"
    assert words.link.format(link="https://x.example").endswith("https://x.example")


# ── the notice ───────────────────────────────────────────────────────────────────────────────────────────────────────

# Promise B2, item by item; the facts of the deployment are looked for by themselves.
ITEMS = {
    "what it is": ("An AI program", "AI 程序"),
    "who runs it": ("Run by", "运行者"),
    "how to complain": ("Complaints", "投诉"),
    "why": ("What it is for", "做什么用"),
    "never for appraisal": ("Never for appraisal", "绝不用于绩效考核"),
    "never for dismissal": ("dismissal", "解雇"),
    "never for training models": ("train or fine-tune", "训练或微调"),
    "never for imitation": ("never to imitate you", "模仿你"),
    "which chats and folders": ("chats and documents that you tick", "勾选的群和文档"),
    "own words only": ("Only your own words", "你自己写的话"),
    "how": ("How.", "怎么处理"),
    "who sees answers": ("Who sees answers", "谁能看到回答"),
    "recipients ticked one by one": ("tick each of them separately", "单独勾选"),
    "how long": ("How long", "保存多久"),
    "sensitive data": ("Sensitive data", "敏感个人信息"),
    "rights": ("Your rights", "你的权利"),
    "how to withdraw": ("/withdraw", "/撤回"),
    "refusing has no consequence": ("has no consequence", "没有任何影响"),
    "managers are not told": ("Managers are not told", "上级不会收到通知"),
    "what the colleague receives": ("What you receive", "你得到什么"),
    "what happens on leaving": ("If you leave", "离职之后"),
    "consultation": ("Consultation", "协商记录"),
}


@pytest.mark.promise("B2")
@pytest.mark.parametrize("item", ITEMS)
def test_the_notice_has_every_item(item: str) -> None:
    english, chinese = ITEMS[item]
    assert english in WORDING.notice("en", FACTS).text
    assert chinese in WORDING.notice("zh", FACTS).text


@pytest.mark.promise("B2")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_tells_every_fact_of_the_deployment(language: Language) -> None:
    text = WORDING.notice(language, FACTS).text
    recipient = FACTS.recipients[0]
    told = [getattr(FACTS, field.name) for field in fields(FACTS) if field.name != "recipients"]
    missing = [fact for fact in (*told, recipient.name, recipient.country, recipient.contact) if str(fact) not in text]
    assert missing == []
    assert "{" not in text


@pytest.mark.promise("B2")
@pytest.mark.parametrize(("language", "said"), [("en", "Nothing is sent to anybody"), ("zh", "不会发给任何外部")])
def test_a_notice_without_recipients_says_that_nothing_leaves(language: Language, said: str) -> None:
    assert said not in WORDING.notice(language, FACTS).text
    assert said in WORDING.notice(language, replace(FACTS, recipients=())).text


@pytest.mark.promise("B2")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_version_of_a_notice_is_the_hash_of_the_text_as_shown(language: Language) -> None:
    notice = WORDING.notice(language, FACTS)
    assert notice.sha256 == hashlib.sha256(notice.text.encode()).hexdigest()
    assert WORDING.notice(language, replace(FACTS, reward="nothing")).sha256 != notice.sha256
    assert WORDING.notice(language, replace(FACTS)).sha256 == notice.sha256


def _with(name: str, value: Any) -> NoticeFacts:
    return replace(FACTS, **{name: value})


@pytest.mark.promise("B2")
@pytest.mark.promise("E2")
@pytest.mark.parametrize("name", [field.name for field in fields(NoticeFacts) if field.type == "str"])
@pytest.mark.parametrize("empty", ["", " \n", None])
def test_a_fact_that_is_missing_refuses(name: str, empty: object) -> None:
    with pytest.raises(SetupError, match=name):
        WORDING.notice("en", _with(name, empty))


@pytest.mark.promise("B2")
def test_every_fact_that_is_missing_is_named_at_once_with_its_fix() -> None:
    empty: dict[str, Any] = {"operator": "", "reward": "", "recipients": (Recipient("m", "", ""),)}
    with pytest.raises(SetupError) as raised:
        WORDING.notice("zh", replace(FACTS, **empty))
    told = str(raised.value)
    assert all(what in told for what in ("operator", "reward", "country", "contact", "BYLINE_NOTICE__OPERATOR"))
    assert len(raised.value.lacks) == 4


@pytest.mark.promise("B6")
@pytest.mark.parametrize(("name", "most"), AT_MOST.items())
def test_nothing_is_kept_for_longer_than_promised(name: str, most: int) -> None:
    assert str(most) in WORDING.notice("en", _with(name, most)).text
    for out_of_bounds in (most + 1, 0, -1):
        with pytest.raises(SetupError, match=name):
            WORDING.notice("en", _with(name, out_of_bounds))


def test_languages_are_those_that_questions_are_asked_in() -> None:
    assert get_args(Language) == LANGUAGES
