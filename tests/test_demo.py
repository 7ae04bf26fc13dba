"""The demo, as a newcomer gets it: real parts, the invented team, and every question that its help offers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.core.compose import Declined
from bot.core.consent import State
from bot.demo import play
from bot.evaluate import Unheard
from bot.flows.answer import Outcome, answer
from bot.flows.receive import bind
from bot.settings import load
from bot.wire import local_team, new_id, open_app
from connectors.local import demo
from connectors.local.demo import Example

DEMO = demo.read()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What each example is answered with, in one seeded workspace."""
    return asyncio.run(_ask_all(tmp_path_factory.mktemp("demo")))


async def _ask_all(folder: Path) -> dict[str, Outcome]:
    settings = load(data=folder)
    async with open_app(settings) as app:
        team = local_team(settings)
        first = await play(DEMO, app, team, progress=lambda name: lambda done, total: None)
        again = await play(DEMO, app, team, progress=lambda name: lambda done, total: None)
        assert first.changed == first.passages > 0
        assert again.changed == 0
        for colleague in DEMO.colleagues:
            assert (await app.ledger.consent(colleague)).state is State.ACTIVE
        means = app.with_voice(Unheard(), team)
        outcomes = {}
        for example in DEMO.examples:
            place = await team.place(example.place)
            assert place is not None
            question = await bind(example.text, new_id(), asker=example.asker, place=place, roster=team)
            outcomes[_name(example)] = await answer(question, means)
        return outcomes


def _name(example: Example) -> str:
    return f"{example.text} · {example.place.chat}"


@pytest.mark.parametrize("example", [each for each in DEMO.examples if each.answered], ids=_name)
def test_an_example_that_can_be_answered_is_answered_from_the_words_it_rests_on(
    example: Example, outcomes: dict[str, Outcome]
) -> None:
    outcome = outcomes[_name(example)]
    assert not isinstance(outcome.answer, Declined)
    assert outcome.colleague == example.colleague
    quoted = {message for citation in outcome.answer.citations for message in citation.messages}
    assert quoted & set(example.rests_on)


@pytest.mark.promise("D2")
@pytest.mark.parametrize("example", [each for each in DEMO.examples if not each.answered], ids=_name)
def test_an_example_that_is_to_be_declined_is_declined(example: Example, outcomes: dict[str, Outcome]) -> None:
    assert isinstance(outcomes[_name(example)].answer, Declined)
