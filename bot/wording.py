"""Everything Byline says and tells a model, loaded from prompts/. Decides no wording and no language.

Every language has every key with the same variables, or nothing loads. A key or a variable that does not exist raises
at once, so that nobody is ever shown a `{name}`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any, get_args

from bot.core.compose import ReplyWords
from bot.core.label import LabelWords, is_labelled
from bot.core.questions import Language
from bot.errors import Lack, SetupError

LANGUAGES: tuple[Language, ...] = get_args(Language)

AT_MOST = {"window_days": 365, "consent_days": 365, "answers_days": 90, "ledger_months": 12, "backup_days": 30}
"""What promise F allows, whatever a deployment would like."""

# Filled in by core/, so that these are the variables they may have.
_BY_CORE = {
    "label.head": {"name"},
    "label.tail": {"name"},
    "label.own_head": set[str](),
    "label.own_tail": set[str](),
    "reply.quoted": {"name"},
    "reply.generated": {"name"},
    "reply.source": {"n", "name", "place", "date"},
    "reply.link": {"link"},
    "reply.somewhere": set[str](),
    "reply.undated": set[str](),
    "reply.left_out": set[str](),
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """An outsider who gets to read words if the colleague ticks them. `name` also says what for."""

    name: str
    country: str
    contact: str


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What the notice says about this deployment (B2). Nothing has a default, and nothing may be empty.

    `recipients` may have no members, and the notice then says that nothing leaves. `reward` is what the colleague
    receives (E2); `consultation` is the reference of the consultation with employee representatives.
    """

    operator: str
    contact: str
    complaints: str
    hosting: str
    recipients: tuple[Recipient, ...]
    reward: str
    consultation: str
    window_days: int
    consent_days: int
    answers_days: int
    ledger_months: int
    records_years: int
    backup_days: int


@dataclass(frozen=True, slots=True)
class Notice:
    """The text shown before consent, and its version: the sha256, in hex, of the text as it is shown."""

    text: str
    sha256: str


class Wording:
    """The words, in every language. Made by `load`."""

    def __init__(self, said: Mapping[Language, Mapping[str, str]], texts: Mapping[Language, Mapping[str, str]]) -> None:
        self._said, self._texts = said, texts

    @classmethod
    def load(cls, folder: Traversable | None = None) -> Wording:
        """Read `say.LANGUAGE.toml` and every `NAME.LANGUAGE.md`. Raises SetupError naming all that does not fit."""
        folder = folder if folder is not None else resources.files("prompts")
        said = {language: _sayings(folder / f"say.{language}.toml") for language in LANGUAGES}
        texts = {language: _texts(folder, language) for language in LANGUAGES}
        lacks = [*_differing("say", said), *_unlike_core(said), *_differing_texts(texts)]
        if lacks:
            raise SetupError(*(Lack(what, "put it right in prompts/") for what in lacks))
        return cls(said, texts)

    def say(self, key: str, *, language: Language, **variables: str | int) -> str:
        """The words of this key, filled in. Raises KeyError for another key, or other variables than it has."""
        return _fill(key, self._said[language][key], variables)

    def label(self, language: Language, *, somebody: bool) -> LabelWords:
        """The label of a colleague's assistant, or, where `somebody` is false, of the assistant by itself."""
        said, own = self._said[language], "" if somebody else "own_"
        return LabelWords(said[f"label.{own}head"], said[f"label.{own}tail"])

    def reply(self, language: Language) -> ReplyWords:
        said = self._said[language]
        return ReplyWords(**{field.name: said[f"reply.{field.name}"] for field in fields(ReplyWords)})

    def prompt(self, name: str, language: Language) -> str:
        """What a model is told, as the file has it: braces there are braces. Raises KeyError for an unknown name."""
        return self._texts[language][name]

    def notice(self, language: Language, facts: NoticeFacts) -> Notice:
        """The notice about this deployment. Raises SetupError naming every fact that is missing or out of bounds."""
        lacks = [*_missing(facts)]
        if lacks:
            raise SetupError(*lacks)
        told = [
            self.say("notice.recipient", language=language, name=each.name, country=each.country, contact=each.contact)
            for each in facts.recipients
        ]
        values = {field.name: getattr(facts, field.name) for field in fields(facts)}
        values["recipients"] = "\n".join(told) or self.say("notice.no_recipient", language=language)
        text = _fill("notice", self._texts[language]["notice"], values)
        return Notice(text, hashlib.sha256(text.encode()).hexdigest())


def variables_of(template: str) -> frozenset[str]:
    """The names in braces. Raises ValueError for any but plain names: no attribute, index, format or conversion."""
    names = set()
    for _, name, form, conversion in Formatter().parse(template):
        if name is None:
            continue
        if form or conversion or not re.fullmatch(r"[a-z_]+", name):
            raise ValueError(f"{{{name}}} is not a plain name")
        names.add(name)
    return frozenset(names)


def _fill(key: str, template: str, variables: Mapping[str, object]) -> str:
    wanted = variables_of(template)
    if wanted != variables.keys():
        missing, unknown = sorted(wanted - variables.keys()), sorted(variables.keys() - wanted)
        raise KeyError(f"{key}: missing {missing}, unknown {unknown}")
    return template.format(**{name: str(value) for name, value in variables.items()})


def _sayings(file: Traversable) -> dict[str, str]:
    """A TOML file as `table.key` → text, without white space at its ends on lines of their own."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(Lack(f"{file.name} cannot be read", "put the file into prompts/ as TOML")) from error
    return dict(_flat(tables, "", file.name))


def _flat(table: Mapping[str, Any], prefix: str, file: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.", file)
        elif isinstance(value, str):
            yield f"{prefix}{key}", value.strip("\n")
        else:
            raise SetupError(Lack(f"{file}: {prefix}{key} is not text", "write it as a string"))


def _texts(folder: Traversable, language: Language) -> dict[str, str]:
    ending = f".{language}.md"
    return {
        file.name.removesuffix(ending): file.read_text(encoding="utf-8").strip("\n")
        for file in folder.iterdir()
        if file.name.endswith(ending)
    }


def _differing(what: str, by_language: Mapping[Language, Mapping[str, str]]) -> Iterator[str]:
    """What a language lacks of the others', is empty, or has other variables."""
    for key in sorted(set().union(*by_language.values())):
        found = {language: texts.get(key, "") for language, texts in by_language.items()}
        empty = [language for language, text in found.items() if not text.strip()]
        try:
            variables = {variables_of(text) for text in found.values()}
        except ValueError as error:
            yield f"{what}: {key}: {error}"
            continue
        if empty:
            yield f"{what}: {key} has no words in {', '.join(empty)}"
        elif len(variables) > 1:
            yield f"{what}: {key} has different variables in different languages"


def _unlike_core(said: Mapping[Language, Mapping[str, str]]) -> Iterator[str]:
    for language, sayings in said.items():
        for key, variables in _BY_CORE.items():
            if key not in sayings:
                yield f"say.{language}: {key} is missing"
            elif not set(re.findall(r"{(.*?)}", sayings[key])) <= variables:
                yield f"say.{language}: {key} has a variable that is never filled in"
        for key in ("label.head", "label.own_head"):
            if not is_labelled(sayings.get(key, "")):
                yield f"say.{language}: {key} does not say that this is AI-generated"


def _differing_texts(texts: Mapping[Language, Mapping[str, str]]) -> Iterator[str]:
    """Every text is there in every language; the notice tells every fact, and no other."""
    for name in sorted({"notice"}.union(*texts.values())):
        yield from (f"{name}.{language}.md is missing" for language in texts if not texts[language].get(name))
    facts = {field.name for field in fields(NoticeFacts)}
    for language, named in texts.items():
        try:
            if variables_of(named.get("notice", "")) != facts:
                yield f"notice.{language}.md does not tell exactly the facts of NoticeFacts"
        except ValueError as error:
            yield f"notice.{language}.md: {error}"


def _missing(facts: NoticeFacts) -> Iterator[Lack]:
    for field in fields(facts):
        value, fix = getattr(facts, field.name), f"set BYLINE_NOTICE__{field.name.upper()}"
        if isinstance(value, int):
            most = AT_MOST.get(field.name)
            if value < 1 or (most is not None and value > most):
                yield Lack(f"the notice's {field.name} is not between 1 and {most or 'any number'}", fix)
        elif not isinstance(value, tuple) and not str(value or "").strip():
            yield Lack(f"the notice's {field.name} is empty", fix)
    for number, each in enumerate(facts.recipients, start=1):
        for field in fields(each):
            if not getattr(each, field.name).strip():
                yield Lack(f"the {field.name} of the notice's recipient {number} is empty", "say it in the settings")
