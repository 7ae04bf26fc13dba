"""The command line. Each command is a few lines here; what it does stands in flows/, demo.py and evaluate.py.

Nothing heavy is imported before a command runs: `byline --help` takes a fraction of a second.

Exit codes: 0 done (a declined question too) · 1 a check failed · 2 wrong input or setup · 3 the colleague has not
granted it · 4 a platform, model or file did not answer; try again.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import sys
from collections.abc import Coroutine
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

app = typer.Typer(
    help="Workflow answers from a colleague's own words, with their consent and their byline.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: byline demo",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")]

_Result = TypeVar("_Result")


@app.command(
    epilog="Examples:  byline demo  ·  byline demo --as lin --in ops  ·  echo 怎么回滚 | byline demo --as lin --in ops"
)
def demo(
    person: Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Who you are: an id or a name.")] = None,
    place: Annotated[
        str | None, typer.Option("--in", metavar="PLACE", help="Where you speak: an id or a name.")
    ] = None,
) -> None:
    """Talk to three invented colleagues' assistants in a local chat."""
    from bot import cli

    _run(cli.demo(person=person, place=place))


@app.command(
    "import",
    epilog="Examples:  byline import chat.json --as ou_84aad35d084aa403  ·  byline import notes.md faq.csv --as wei",
)
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Exports (Lark, DingTalk, Slack folder, JSON, log), .md or .csv.")
    ],
    person: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Whose words: their id in the export, or name.")
    ],
    as_json: Json = False,
) -> None:
    """Bring in what a colleague wrote. They see the notice, tick and preview it themselves, here at this machine."""
    from bot import cli

    result = _run(cli.import_(files, person=person, on_stderr=as_json))
    _print(result, as_json)


@app.command(epilog="Example:  byline ask '支付怎么回滚？' --place ops --asker lin")
def ask(
    question: Annotated[str, typer.Argument(help="In Chinese or English.")],
    place: Annotated[str, typer.Option(metavar="PLACE", help="Where it is asked: an id or a name.")],
    asker: Annotated[str, typer.Option(metavar="PERSON", help="Who asks: an id or a name.")],
    colleague: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Whom to ask; default: who fits best.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask one question, as somebody in a place, and print the answer."""
    from bot import cli

    result = _run(cli.ask(question, place=place, asker=asker, colleague=colleague))
    if as_json:
        _print(result, as_json)
    else:
        typer.echo(result["text"])


@app.command(epilog="Example:  byline withdraw wei")
def withdraw(
    person: Annotated[str, typer.Argument(help="The colleague who takes everything back: an id or a name.")],
    as_json: Json = False,
) -> None:
    """Take back a consent: shut the gate, erase everything, prove it."""
    from bot import cli

    result = _run(cli.withdraw(person))
    _print(result, as_json)
    if result["residue"]:
        raise typer.Exit(1)


@app.command(epilog='Examples:  byline verify  ·  byline verify 3f9c21a07b5e  ·  byline verify "$(cat answer.txt)"')
def verify(
    answer: Annotated[
        str | None, typer.Argument(metavar="[ID|TEXT]", help="An answer's id, or its whole text.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that the ledger's chain holds, or whether an answer came from here."""
    from bot import cli

    result = _run(cli.verify(answer))
    _print(result, as_json)
    if not result["holds" if answer is None else "produced"]:
        raise typer.Exit(1)


@app.command("eval", epilog="Example:  byline eval ../sets/team_chat --json --limit 50")
def eval_(
    folder: Annotated[
        Path, typer.Argument(help="A folder with messages.jsonl.gz and questions.jsonl.gz, or items.jsonl.gz.")
    ],
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many questions only.")] = None,
    as_json: Json = False,
) -> None:
    """Measure retrieval, refusal, leaks and speed on a set of questions, in a temporary workspace."""
    from bot import cli

    _print(_run(cli.evaluate(folder, limit=limit)), as_json)


@app.command(epilog="Example:  byline doctor --json")
def doctor(as_json: Json = False) -> None:
    """Check this installation, and say how to mend what is wrong."""
    from bot import cli

    result = _run(cli.doctor())
    if as_json:
        _print(result, as_json)
    else:
        for check in result["checks"]:
            typer.echo(f"{'ok  ' if check['ok'] else 'FAIL'}  {check['what']}: {check['found']}")
            if not check["ok"]:
                typer.echo(f"      → {check['fix']}")
    if not result["ok"]:
        raise typer.Exit(1)


def _run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a command; whoever must act is told what to do, in a line or two and never by a traceback."""
    from bot.errors import BadInput, BylineError, LedgerBroken, NotGranted, PlatformError, SetupError, ShelfDamaged

    try:
        return asyncio.run(work)
    except SetupError as error:
        _stop(2, *(f"{lack.what}\n  → {lack.fix}" for lack in error.lacks))
    except BadInput as error:
        _stop(2, str(error))
    except NotGranted as error:
        _stop(3, str(error))
    except (LedgerBroken, ShelfDamaged) as error:
        _stop(1, str(error))
    except (PlatformError, BylineError) as error:
        _stop(4, str(error))
    except OSError as error:
        _stop(4, f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}")
    except KeyboardInterrupt:
        _stop(130, "stopped")


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        # In an encoding that lacks some characters JSON has its own escapes for them.
        typer.echo(json.dumps(result, ensure_ascii=codecs.lookup(sys.stdout.encoding).name != "utf-8"))
    else:
        width = max(map(len, result))
        for key, value in result.items():
            typer.echo(f"{key:<{width}}  {_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items()) or "none"
    return "–" if value is None else str(value)


def _stop(code: int, *lines: str) -> NoReturn:
    for line in lines:
        print(f"byline: {line}", file=sys.stderr)  # noqa: T201 - where the operator reads
    raise typer.Exit(code)


def main() -> None:
    for stream in (sys.stdin, sys.stdout):
        # What a terminal cannot show, or a pipe cannot have meant, is no reason for a traceback.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
