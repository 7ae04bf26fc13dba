"""What a reply may say: quotes byte for byte, and of a model's sentences only those that their passages bear out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.compose import (
    MAX_CLAIMS,
    MAX_QUOTE_CHARS,
    MAX_QUOTES,
    Citation,
    Claim,
    Declined,
    Generated,
    Quoted,
    ReplyWords,
    quote,
    read_reply,
    render,
)
from bot.core.gate import Permitted, admit
from bot.core.passages import Passage, Piece
from bot.core.support import Flaw, locate
from tests.cast import CHEN, DEPLOYS, NOW, OPS, WEI, consented, grant, question

SOURCE = DEPLOYS.id.as_source()
CONSENT = {author: consented(author, grant(SOURCE, OPS.id)) for author in (WEI, CHEN)}
ASKED = question("how do we roll back?")
FRAGT = replace(question("怎么回滚？"), language="zh")

ROLLBACK = (
    "If the error rate goes above 2% for 5 minutes, roll back with `make rollback TAG=last`.\n"
    "Do not touch the database by hand. Then tell on-call in #deploys, see https://wiki.acme.example/rollback."
)
HUIGUN = "灰度发布后如果错误率超过百分之二，就执行 make rollback 回滚。不要直接改线上数据库，回滚完在群里同步一下原因。"
ONCALL = "On-call changes on Wednesday at 10:00. Ask Priya for access to PagerDuty."


def permitted(text: str, *, id: str = "m1", at: datetime | None = NOW, author: object = WEI) -> Permitted:  # noqa: A002  (a message's id)
    assert author in (WEI, CHEN)
    who = WEI if author == WEI else CHEN
    pieces = tuple(Piece(f"{id}-{n}", line, at, f"https://chat/{id}-{n}") for n, line in enumerate(text.split("\n")))
    verdict = admit(Passage(f"p-{id}", who, SOURCE, "t1", pieces), ASKED, CONSENT[who], now=NOW)
    assert isinstance(verdict, Permitted)
    return verdict


EN = [permitted(ROLLBACK), permitted(ONCALL, id="m2")]
ZH = [permitted(HUIGUN)]


def kept(raw: str, among: Sequence[Permitted] = EN) -> list[str]:
    """The sentences that stand."""
    reply = read_reply(raw, among, ASKED)
    return [claim.text for claim in reply.claims] if isinstance(reply, Generated) else []


def flaws(raw: str, among: Sequence[Permitted] = EN) -> tuple[Flaw, ...]:
    """Why the other sentences were cut. The sentence put before keeps the reply from being declined whole."""
    sound = 'Do not touch the database by hand. [1: "Do not touch the database by hand"]\n'
    if among is ZH:
        sound = '不要直接改线上数据库。[1: "不要直接改线上数据库"]\n'
    reply = read_reply(sound + raw, among, ASKED)
    assert isinstance(reply, Generated)
    assert len(reply.claims) >= 1
    return reply.cut


# What stands


@pytest.mark.promise("D1")
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            'Roll back with make rollback. [1: "roll back with `make rollback TAG=last`"]', id="after the stop"
        ),
        pytest.param('Roll back with make rollback [1: "roll back with `make rollback TAG=last`"].', id="before it"),
        pytest.param("Roll back with make rollback when the error rate goes above 2%. [1]", id="a number alone"),
        pytest.param("- Roll back with `make rollback TAG=last` [1]", id="a list item with code"),
        pytest.param("> 1. Roll back with make rollback. 【1】", id="other brackets"),
        pytest.param("Roll back with make rollback。［1］", id="wide brackets"),
        pytest.param('ROLL BACK with make rollback! [1:"Roll  back\\nwith"][1]', id="white space, case and escapes"),
        pytest.param("<think>Is it [1]? I am not sure.</think>Roll back with make rollback. [1]", id="after thinking"),
        pytest.param("I am thinking aloud [2]</think>Roll back with make rollback. [1]", id="thinking without a start"),
        pytest.param("```\nRoll back with make rollback. [1]\n```", id="inside a code fence"),
        pytest.param("Roll back with make rollback. [1] Ask the boss instead.", id="before one that is cut"),
        pytest.param("Roll back with make rollback, says the colleague on 1 June 2026. [1]", id="dated in words"),
        pytest.param("On 2026-06-01 the colleague says: roll back with make rollback. [1]", id="dated in figures"),
        pytest.param("Roll back with make rollback after five minutes. [1]", id="a number in words"),
        pytest.param("Roll back with make rollback, see https://wiki.acme.example/rollback. [1]", id="a link it cites"),
    ],
)
def test_a_sentence_that_its_passage_bears_out_stands(raw: str) -> None:
    assert len(kept(raw)) == 1


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param('错误率超过百分之二就执行 make rollback。[1: "就执行 make rollback 回滚"]', id="after the stop"),
        pytest.param("错误率超过 2% 就执行 make rollback 回滚[1]。", id="figures for numerals"),
        pytest.param("不要直接改线上数据库。［1］", id="a negation on both sides"),
        pytest.param("这位同事写道：“回滚完在群里同步一下原因”。[1]", id="a quote that is one"),
        pytest.param("6月1日说过，回滚完要在群里同步一下原因。[1：「回滚完在群里同步」]", id="dated, wide colon"),
    ],
)
def test_a_chinese_sentence_that_its_passage_bears_out_stands(raw: str) -> None:
    assert len(kept(raw, ZH)) == 1


def test_an_english_sentence_may_rest_on_chinese_words_if_it_gives_them() -> None:
    assert kept('Above 2% errors, run make rollback. [1: "就执行 make rollback 回滚"]', ZH)
    assert not kept("Above 2% errors, run make rollback. [1]", ZH)


def test_citations_are_numbered_as_they_are_used_and_say_what_they_rest_on() -> None:
    reply = read_reply(
        'On-call changes on Wednesday. [2: "On-call changes on Wednesday"]\n'
        'Do not touch the database. [1: "do not touch the database"]\nThen tell on-call in #deploys. [1] [2]',
        EN,
        ASKED,
    )
    assert isinstance(reply, Generated)
    assert reply.claims[:2] == (
        Claim("On-call changes on Wednesday.", (1,)),
        Claim("Do not touch the database.", (2,)),
    )
    assert [(each.n, each.passage) for each in reply.citations] == [(1, "p-m2"), (2, "p-m1")]
    assert reply.citations[1].messages == ("m1-1",)
    assert reply.citations[1].link == "https://chat/m1-1"
    assert reply.citations[1].grant == EN[0].grant
    assert "Do not touch the database" in reply.citations[1].quote


# What is cut


@pytest.mark.promise("D1")
@pytest.mark.parametrize(
    ("raw", "flaw"),
    [
        pytest.param("Roll back with make rollback.", Flaw.UNCITED, id="no citation"),
        pytest.param("[1] Roll back with make rollback.", Flaw.UNCITED, id="a citation before it"),
        pytest.param('Roll back with make rollback. [1: "back"]', Flaw.UNCITED, id="a quote that says nothing"),
        pytest.param("Roll back with make rollback. [3]", Flaw.NO_SUCH_PASSAGE, id="a passage that is not there"),
        pytest.param("Roll back with make rollback. [0]", Flaw.NO_SUCH_PASSAGE, id="passage nought"),
        pytest.param("Roll back with make rollback. [1][9]", Flaw.NO_SUCH_PASSAGE, id="one right, one wrong"),
        pytest.param(
            'Roll back with make rollback. [1: "use make revert instead"]', Flaw.MISQUOTED, id="made-up quote"
        ),
        pytest.param('Ask Priya for access. [1: "Ask Priya for access"]', Flaw.MISQUOTED, id="from another passage"),
        pytest.param("The error rate must go above 3%. [1]", Flaw.INVENTED, id="another number"),
        pytest.param(
            "Roll back after 15 minutes above the error rate. [1]", Flaw.INVENTED, id="a number that ends alike"
        ),
        pytest.param("Roll back after twenty minutes above the error rate. [1]", Flaw.INVENTED, id="a number in words"),
        pytest.param("On-call changes on Friday at 10:00. [2]", Flaw.INVENTED, id="another day"),
        pytest.param("Ask Marcus for access to PagerDuty, not Bob. [2]", Flaw.INVENTED, id="another person"),
        pytest.param("Roll back with `make revert TAG=last`. [1]", Flaw.INVENTED, id="other code"),
        pytest.param("Roll back with make rollback --force. [1]", Flaw.INVENTED, id="another flag"),
        pytest.param("Roll back with make_rollback. [1]", Flaw.INVENTED, id="another identifier"),
        pytest.param('The colleague wrote "roll back with care". [1]', Flaw.INVENTED, id="a quote that is none"),
        pytest.param("Touch the database by hand. [1]", Flaw.CONTRARY, id="a negation dropped"),
        pytest.param("Do not roll back with make rollback. [1]", Flaw.CONTRARY, id="a negation added"),
        pytest.param('Touch the database by hand. [1: "touch the database by hand"]', Flaw.CONTRARY, id="half a quote"),
        pytest.param("Never tell on-call in #deploys. [1]", Flaw.CONTRARY, id="never"),
        pytest.param("The cat sat on a warm windowsill yesterday. [1]", Flaw.UNRELATED, id="something else"),
        pytest.param(
            'Every refund is approved at once by finance. [1: "tell on-call in #deploys"]',
            Flaw.UNRELATED,
            id="true quote",
        ),
        pytest.param(f"Roll back with make rollback {'and again ' * 80}. [1]", Flaw.TOO_LONG, id="no end"),
    ],
)
def test_a_sentence_that_its_passage_does_not_bear_out_is_cut(raw: str, flaw: Flaw) -> None:
    assert flaws(raw) == (flaw,)
    assert read_reply(raw, EN, ASKED) == Declined()


@pytest.mark.parametrize(
    ("raw", "flaw"),
    [
        pytest.param("错误率超过百分之五就执行 make rollback 回滚。[1]", Flaw.INVENTED, id="another number"),
        pytest.param("错误率连续三天超过百分之二就回滚。[1]", Flaw.INVENTED, id="a number added"),
        pytest.param("周五灰度发布后错误率超过百分之二就回滚。[1]", Flaw.INVENTED, id="a day added"),
        pytest.param("可以直接改线上数据库。[1]", Flaw.CONTRARY, id="a negation dropped"),
        pytest.param('直接改线上数据库。[1: "直接改线上数据库"]', Flaw.CONTRARY, id="half a quote"),
        pytest.param("回滚完不要在群里同步原因。[1]", Flaw.CONTRARY, id="a negation added"),
        pytest.param('报销单交给财务审批。[1: "就执行 make rollback 回滚"]', Flaw.UNRELATED, id="something else"),
        pytest.param('执行 make rollback 回滚。[1: "回滚"]', Flaw.UNCITED, id="a quote too short"),
    ],
)
@pytest.mark.promise("D1")
def test_a_chinese_sentence_that_its_passage_does_not_bear_out_is_cut(raw: str, flaw: Flaw) -> None:
    assert flaws(raw, ZH) == (flaw,)
    assert read_reply(raw, ZH, FRAGT) == Declined()


@pytest.mark.promise("D5")
@pytest.mark.parametrize(
    "raw",
    [
        "Roll back with make rollback, see https://evil.example/x. [1]",
        "Roll back with make rollback, see https://wiki.acme.example/rollback?q=secret. [1]",
        "Roll back with make rollback, see https://wiki.acme.example.evil.example/rollback. [1]",
        "Roll back with make rollback ![](https://evil.example/pixel.png). [1]",
        "Roll back with [make rollback](//evil.example). [1]",
        "Roll back with make rollback, see evil.example for more. [1]",
        "Roll back with make rollback, see www.evil.example. [1]",
        "Roll back with make rollback javascript:alert(1). [1]",
        'Roll back with make rollback <img src="x">. [1]',
        "Roll back with make rollback <at user_id=all></at>. [1]",
        "Roll back with make rollback and tell @all. [1]",
    ],
)
def test_a_link_or_picture_that_no_cited_passage_has_goes_with_its_sentence(raw: str) -> None:
    assert read_reply(raw, EN, ASKED) == Declined()
    assert kept(f"Do not touch the database by hand. [1]\n{raw}") == ["Do not touch the database by hand."]


@pytest.mark.promise("A3")
@pytest.mark.parametrize(
    "raw",
    [
        "I am Wei. Roll back with make rollback. [1]",
        "I'm Wei Lan: roll back with make rollback. [1]",
        "My name is Wei.\nRoll back with make rollback. [1]",
        "我是魏岚。Roll back with make rollback. [1]",
        "我就是他本人。Roll back with make rollback. [1]",
    ],
)
def test_a_reply_that_claims_to_be_the_person_is_not_said_at_all(raw: str) -> None:
    assert read_reply(raw, EN, ASKED) == Declined()


@pytest.mark.promise("A3")
@pytest.mark.parametrize(
    ("raw", "among"),
    [
        ("I roll back with make rollback. [1]", EN),
        ("Roll back with my make rollback. [1]", EN),
        ("Tell me on-call in #deploys. [1]", EN),
        ("我会执行 make rollback 回滚。[1]", ZH),
        ("本人不直接改线上数据库。[1]", ZH),
    ],
)
def test_a_sentence_that_speaks_as_a_person_is_cut(raw: str, among: Sequence[Permitted]) -> None:
    assert flaws(raw, among) == (Flaw.SPEAKS_AS_PERSON,)


def test_a_colleagues_own_first_person_may_be_quoted() -> None:
    own = [permitted("I always roll back with make rollback first.")]
    assert kept('The colleague wrote "I always roll back with make rollback". [1]', own)


@pytest.mark.promise("A1")
@pytest.mark.parametrize(
    "raw",
    [
        "【AI生成】Roll back with make rollback. [1]",
        "[AI生成 · AI-generated] Roll back with make rollback. [1]",
        "AI-generated: roll back with make rollback. [1]",
        "System: roll back with make rollback. [1]",
        "系统提示：roll back with make rollback. [1]",
        "Source: make rollback, error rate. [1]",
        "Roll back with make rollback [1, Wei, deploys. [1]",
        "<|im_start|> Roll back with make rollback. [1]",
        "【魏岚】Roll back with make rollback. [1]",
    ],
)
def test_a_sentence_that_imitates_a_label_a_source_or_the_system_is_cut(raw: str) -> None:
    assert Flaw.IMITATES in flaws(raw)
    assert read_reply(raw, EN, ASKED) == Declined()


@pytest.mark.promise("A1")
def test_a_made_up_list_of_sources_is_cut() -> None:
    raw = "Roll back with make rollback. [1]\n\n[1] Wei, deploys, 3 May\n[2] Lin, ops, 4 May"
    assert kept(raw) == ["Roll back with make rollback."]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "NOTHING",
        "NOTHING.",
        " \n\n",
        "\0\ud800\u200b",
        '{"answer": "Roll back with make rollback."}',
        "[]",
        "[1]",
        "[1][1][1].",
        "asdf qwer 🙂 zxcv",
        "<think>Roll back with make rollback. [1]",
        "```",
        '[1: "' * 3000,
        "“" * 20_000,
        "!" * 20_000 + "a",
        "> " * 20_000,
        "<think>" * 20_000,
        "[1]" * 20_000,
    ],
    ids=range(18),
)
def test_what_is_no_answer_is_declined(raw: str) -> None:
    assert read_reply(raw, EN, ASKED) == Declined()


def test_of_a_reply_of_a_megabyte_little_is_read_and_less_is_said() -> None:
    raw = "".join(f"Roll back with make rollback, says the colleague {'again ' * n}. [1]\n" for n in range(2_000))
    reply = read_reply(raw[:1_000_000], EN, ASKED)
    assert isinstance(reply, Generated)
    assert len(reply.claims) <= MAX_CLAIMS


def test_a_sentence_said_twice_is_said_once() -> None:
    assert kept("Roll back with make rollback. [1]\nRoll back  with make ROLLBACK. [1]") == [
        "Roll back with make rollback."
    ]


def test_without_passages_nothing_can_be_said() -> None:
    assert read_reply("Roll back with make rollback. [1]", [], ASKED) == Declined()


PARTS = [
    *(
        "Roll back with make rollback",
        "Do not touch the database by hand",
        "错误率超过百分之二",
        "不要直接改线上数据库",
    ),
    *(
        "[1]",
        "[2]",
        "[3]",
        '[1: "',
        '"]',
        "[",
        "]",
        "：",
        "「",
        "」",
        "`",
        ".",
        "。",
        ", ",
        "，",
        "\n",
        "> ",
        " ",
        "not",
    ),
    *(
        "I am Wei",
        "我是",
        "2%",
        "7",
        "https://evil.example",
        "【AI生成】",
        "<think>",
        "</think>",
        "```",
        "\u202e",
        "\ud800",
    ),
]


@pytest.mark.promise("D1")
@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=8), max_size=30).map("".join))
def test_whatever_a_model_says_each_sentence_that_survives_rests_on_a_given_passage(raw: str) -> None:
    among = [*EN, *ZH]
    reply = read_reply(raw, among, ASKED)
    if isinstance(reply, Declined):
        return
    known = {citation.n: citation for citation in reply.citations}
    for claim in reply.claims:
        assert claim.citations
        assert set(claim.citations) <= set(known)
        assert "\n" not in claim.text
        assert "evil" not in claim.text
        assert "【" not in claim.text
    for citation in known.values():
        assert citation.permitted in among
        assert citation.quote
        assert citation.quote in citation.permitted.passage.text


# Quotes


@pytest.mark.promise("A2")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=900), min_size=1, max_size=5), st.text(max_size=40))
def test_a_quote_is_the_colleagues_words_byte_for_byte(texts: list[str], asked: str) -> None:
    among = [permitted(text, id=f"m{n}") for n, text in enumerate(texts)]
    answer = quote(among, replace(ASKED, text=asked))
    if isinstance(answer, Declined):
        assert not any(text.strip() for text in texts)
        return
    assert 1 <= len(answer.citations) <= MAX_QUOTES
    for citation in answer.citations:
        assert citation.quote.encode("utf-8", "surrogatepass") in citation.permitted.passage.text.encode(
            "utf-8", "surrogatepass"
        )
        assert len(citation.quote) <= MAX_QUOTE_CHARS


def test_quotes_keep_the_order_they_are_given_in() -> None:
    answer = quote([EN[1], EN[0]], ASKED)
    assert isinstance(answer, Quoted)
    assert [(each.n, each.passage) for each in answer.citations] == [(1, "p-m2"), (2, "p-m1")]


def test_what_was_already_quoted_is_not_quoted_again() -> None:
    again = permitted("do not touch the  database by hand.", id="m3")
    answer = quote([EN[0], again, EN[1]], ASKED)
    assert isinstance(answer, Quoted)
    assert [each.passage for each in answer.citations] == ["p-m1", "p-m2"]


def test_a_long_passage_is_quoted_in_whole_sentences_round_what_was_asked() -> None:
    chatter = [f"Sentence {n} talks about something rather different from that." for n in range(16)]
    chatter[9] = "We roll back with make rollback."
    answer = quote([permitted(" ".join(chatter))], ASKED)
    assert isinstance(answer, Quoted)
    (citation,) = answer.citations
    assert chatter[9] in citation.quote
    assert len(citation.quote) <= MAX_QUOTE_CHARS
    assert citation.quote.startswith(("Sentence", "We"))
    assert citation.quote.endswith(".")


def test_nothing_to_quote_is_declined() -> None:
    assert quote([], ASKED) == Declined()


@pytest.mark.promise("D6")
def test_an_answer_is_of_one_colleague() -> None:
    with pytest.raises(ValueError, match="one colleague"):
        quote([EN[0], permitted(ONCALL, id="m2", author=CHEN)], ASKED)


def test_a_citation_cannot_quote_what_its_passage_does_not_say() -> None:
    with pytest.raises(ValueError, match="byte for byte"):
        Citation(1, EN[0], "Roll forward.")
    with pytest.raises(ValueError, match="byte for byte"):
        Citation(1, EN[0], "")


def test_an_answer_without_a_citation_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one citation"):
        Quoted(())
    with pytest.raises(ValueError, match="rests on a citation"):
        Generated((Claim("Roll back.", (2,)),), (Citation(1, EN[0], ROLLBACK),))


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("roll back", "Please ROLL\n back", "ROLL\n back"),
        ("able to roll back", "unable to roll back", None),
        ("5 retries", "15 retries", None),
        ("“now”", 'do it "now"', '"now"'),
        ("回滚", "回 滚", "回 滚"),
        ("ＡＢＣ", "abc", "abc"),
        ("", "anything", None),
        ("x", "", None),
    ],
)
def test_words_are_found_whole_whatever_their_dress(words: str, text: str, found: str | None) -> None:
    stretch = locate(words, text)
    assert (text[stretch] if stretch is not None else None) == found


# How it reads

READS = ReplyWords(
    quoted="{name} wrote:",
    generated="From what {name} wrote:",
    source="[{n}] {name}, {place}, {date}",
    link=" {link}",
    somewhere="somewhere",
    undated="undated",
    left_out="[…]",
)


def test_quotes_read_as_quotes_each_with_its_byline() -> None:
    answer = quote([EN[1]], ASKED)
    assert isinstance(answer, Quoted)
    assert render(answer, words=READS, name="Wei Lan", places={SOURCE: "deploys"}) == (
        f"Wei Lan wrote:\n\n> {ONCALL}\n[1] Wei Lan, deploys, 2026-06-01 https://chat/m2-0"
    )


def test_a_generated_answer_reads_sentence_by_sentence_above_the_words_it_rests_on() -> None:
    reply = read_reply('Do not touch the database. [1: "Do not touch the database by hand"]', EN, ASKED)
    assert isinstance(reply, Generated)
    assert render(reply, words=READS, name="Wei Lan", places={}) == (
        "From what Wei Lan wrote:\nDo not touch the database. [1]\n\n"
        "[…]\n> Do not touch the database by hand\n[…]\n[1] Wei Lan, somewhere, 2026-06-01 https://chat/m1-1"
    )


@pytest.mark.promise("A2")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\v", "\f"])
def test_no_line_of_a_quote_steps_out_of_it(end: str) -> None:
    answer = quote([permitted(f"first{end}[AI-generated] second", at=None)], ASKED)
    assert isinstance(answer, Quoted)
    lines = render(answer, words=READS, name="Wei", places={}).splitlines()
    assert [line for line in lines if "second" in line] == ["> [AI-generated] second"]
    assert lines[-1].startswith("[1] Wei, somewhere, undated")


def test_a_quotes_date_is_that_of_the_words_quoted() -> None:
    pieces = (Piece("old", "Old words.", NOW - timedelta(days=400)), Piece("new", "New words.", NOW))
    verdict = admit(Passage("p", WEI, SOURCE, "t", pieces), ASKED, CONSENT[WEI], now=NOW)
    assert isinstance(verdict, Permitted)
    assert Citation(1, verdict, "Old words.").sent_at == datetime(2025, 4, 27, 9, tzinfo=UTC)
    assert Citation(1, verdict, "Old words.\nNew").messages == ("old", "new")
