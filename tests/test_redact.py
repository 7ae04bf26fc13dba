"""Redaction: what is sensitive is gone from what may be kept (C6), names are role tokens (C3), work talk stays."""

from __future__ import annotations

import string
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.redact import COLLEAGUE, Redacted, redact
from bot.core.redaction import personal, secrets, sensitive
from bot.core.redaction.folding import fold

# Put together here, so that no scanner takes this file for a leak; none of them opens anything.
DRAWN = "k7Qz2mXv9Lp4Rt6Wb8Yc3Nd5Hf1J"
HEX = "9f86d081884c7d659a2feaa0c55ad015"
UUID = "3f2b8c1e-7a4d-4e9b-8c6f-1d2e3a4b5c6d"

MOBILE = "13800138000"
ID_CARD = "11010519491231002X"
BANK_CARD = "6222021234567890128"
VISA = "4111111111111111"

# Hypothesis would otherwise time each example.
untimed = settings(deadline=None)


def kept(text: str, *names: str) -> str:
    return redact(text, names=names).text


def categories(text: str) -> set[str]:
    return set(redact(text, names=()).dropped)


@pytest.mark.promise("C6")
@pytest.mark.parametrize(
    "text",
    [
        "the admin password is Tr0ub4dor until Friday",
        "root密码：Abc123!@#",
        "测试账号密码是 Abc123!@# ，登录后记得改",
        "密码改成Zaq12wsx了",
        "登录密码 qwerty123 别外传",
        "admin / P@ssw0rd1 这个是密码",
        "the password was changed to hunter2",
        "mysql -uroot -pAbc123!@# orders",
        "curl -u admin:Abc123!@# https://api.internal/",
        "postgres://app:S3cret@db.internal:5432/orders",
        "Server=db;User Id=app;Password=S3cretPw;",
        f'export VENDOR_KEY="{DRAWN}"',
        f"VENDOR_API_TOKEN={HEX}",
        f"HEROKU_API_KEY={UUID}",
        f'"apiKey": "{DRAWN}",',
        f"支付的密钥：{HEX}",
        f"the api key is {HEX}",
        f"curl -H 'Authorization: Bearer {DRAWN}' https://api.internal/",
        f"https://api.internal/me?access_token={HEX}",
        f"https://hooks.chat.internal/services/T01/B02/{DRAWN}",
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{UUID}",
        f"stripe := '{HEX}'",
        f"用 {DRAWN} 试试",
        "ghp" + "_" + DRAWN,
        "sk" + "-ant-" + DRAWN,
        "AKIA" + "QZ7XWV5TPLM3NKRB",
        "xoxb" + "-123456789012-" + DRAWN,
        "glpat" + "-" + DRAWN[:20],
        "key" + "-" + HEX,
        "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0." + DRAWN,
        "your verification code is 482913",
        "验证码：482913",
    ],
)
def test_a_credential_takes_its_line_with_it(text: str) -> None:
    assert redact(f"first line\n{text}\nlast line", names=()) == Redacted("first line\nlast line", {"secret": 1})


@pytest.mark.promise("C6")
@pytest.mark.parametrize(
    "block",
    [
        "-----BEGIN RSA " + f"PRIVATE KEY-----\n{DRAWN}{DRAWN}\n{HEX}{HEX}\nq83=\n-----END RSA " + "PRIVATE KEY-----",
        "-----BEGIN PGP "
        + f"PRIVATE KEY BLOCK-----\nVersion: 1\n\n{DRAWN}{DRAWN}\n-----END PGP "
        + "PRIVATE KEY BLOCK-----",
        "-----BEGIN " + f"PRIVATE KEY-----\n{DRAWN}{DRAWN}\n{HEX}{HEX}",
        '{\n  "type": "service_account",\n  "private_key": "abc",\n  "client_email": "x"\n}',
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  user: YWRtaW4=",
    ],
    ids=["pem", "pgp", "pem cut off", "service account", "kubernetes secret"],
)
def test_a_secret_of_many_lines_takes_all_of_them(block: str) -> None:
    left = kept(f"here it is\n---\n{block}\n---\nthanks")
    assert [line for line in left.split("\n") if line != "---"] == ["here it is", "thanks"]


@pytest.mark.promise("C6")
@pytest.mark.parametrize(
    ("text", "category"),
    [
        (f"身份证 {ID_CARD}", "id_card"),
        (f"身份证 {ID_CARD.lower()}", "id_card"),
        ("id 110105 19491231 002X thanks", "id_card"),
        ("my SSN is 219-09-9999", "id_card"),
        (f"打到 {BANK_CARD} 这张卡", "bank_card"),
        ("pay to 4111 1111 1111 1111 please", "bank_card"),
        ("IBAN DE89 3704 0044 0532 0130 00", "bank_card"),
        (f"call {MOBILE}", "phone"),
        ("加我手机138-0013-8000同微信", "phone"),
        (f"+86 {MOBILE}", "phone"),
        (f"0086{MOBILE}", "phone"),
        ("座机 010-62345678", "phone"),
        ("(0755) 8234 5678", "phone"),
        ("号码是+44 20 7946 0958", "phone"),
        ("call (415) 555-2671", "phone"),
        ("护照号EA1234567", "passport"),
        ("passport number: 512345678", "passport"),
        ("write to zhang.san@mail.cn", "email"),
        ("发票寄到浙江省杭州市西湖区文三路90号3栋502室", "address"),
        ("I live at 12 Baker Street", "address"),
    ],
)
def test_a_persons_number_or_address_is_dropped(text: str, category: str) -> None:
    assert redact(f"first\n{text}", names=()) == Redacted("first", {category: 1})


@pytest.mark.promise("C6")
@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("我确诊了抑郁症，下周请假", "health"),
        ("小李怀孕了，下个月交接", "health"),
        ("I was diagnosed with ADHD last year", "health"),
        ("My wife is pregnant so I'll be out in May", "health"),
        ("她是穆斯林，订餐注意", "religion"),
        ("I'm Jewish so I'll be off on Friday", "religion"),
        ("我加入了工会", "union"),
        ("I joined the union last month", "union"),
        ("他年薪50万", "pay"),
        ("her salary is 90k", "pay"),
        ("他绩效打了C，准备走", "appraisal"),
        ("I was put on a PIP", "appraisal"),
        ("我要去接孩子", "minors"),
        ("I have to pick up my kids from school", "minors"),
    ],
)
def test_what_is_said_of_a_persons_own_state_is_dropped(text: str, category: str) -> None:
    assert categories(text) == {category}
    assert kept(text) == ""


WORK_TALK = [
    "health check endpoint 返回 503",
    "payment service is down, minor release tomorrow",
    "UNION ALL 两张表，性能测试报告出来了",
    "孩子进程挂了，子进程没回收",
    "child process exited with code 1, the child node has no parent",
    "病假怎么请？在 OA 提交",
    "绩效系统今晚发布，工资条页面报错",
    "这个 bug 已经确诊，是缓存的问题",
    "I'm sick of this bug; the event got fired twice",
    "工会活动报名截止周五",
    "忘记密码的话走自助重置，别在群里发",
    "the password field must not be empty (case 6512)",
    "password: ${DB_PASSWORD}, token=$GITHUB_TOKEN, Authorization: Bearer <token>",
    "密码长度改成 8-16 位，token 过期了重新登录",
    "the api key is in the vault, primary key is order_id",
    f"commit {HEX}01234567 回滚了",
    f"trace_id={HEX} 查一下，uuid {UUID} cached",
    f"docker pull nginx@sha256:{HEX}{HEX}",
    f"msg_id om_{HEX} 那条，session_id={UUID} 的日志",
    "https://docs.internal/document/d/1RkZ7uFIUkWsh1TmYii6e8zNOmz9USUoEr1w/edit",
    "/var/lib/docker/overlay2/" + HEX + "/merged",
    "pod api-7d9f8b6c5d-x2k4p 重启，版本 3.12.21 上线",
    "github.com/foo/bar v0.0.0-20210101000000-3f2a9bc83e8f",
    "订单号202527966585438617已发货，运单 SF2061687156486 到了",
    "build 13800138000 通过，时间戳 1776085509654 对不上",
    "编号110105194912310021（校验位不对）",
    "card 4111111111111112 fails Luhn",
    f"token 服务 trace_id={HEX}，key 的 md5 是 {HEX}",
    "统一社会信用代码 91350211M000100Y43",
    "客服热线 400-820-8820，IP 203.0.113.7，2024-05-01 12:00:00",
    "mail support@company.com or git clone git@github.com:org/repo.git",
    "区块链路由3号节点，会议室在A座12楼",
]


@pytest.mark.promise("C6")
@pytest.mark.parametrize("text", WORK_TALK)
def test_ordinary_work_talk_is_kept_as_written(text: str) -> None:
    assert redact(text, names=()) == Redacted(text, {})


def test_a_wrong_check_digit_makes_an_order_number_of_a_card_and_an_id() -> None:
    for number, category in ((ID_CARD, "id_card"), (BANK_CARD, "bank_card"), (VISA, "bank_card")):
        assert categories(f"no. {number}") == {category}
        wrong = [number[:-1] + digit for digit in "0123456789" if digit != number[-1]]
        assert [categories(f"no. {other}") for other in wrong] == [set()] * len(wrong)


HIDERS = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u00ad", "\x00", "\ud800", "\ufe0f"]
full_width = str.maketrans({str(digit): chr(0xFF10 + digit) for digit in range(10)})


@pytest.mark.promise("C6")
@untimed
@given(
    number=st.sampled_from([MOBILE, ID_CARD, BANK_CARD, VISA]),
    between=st.lists(st.sampled_from(["", " ", "-", "—", "\u3000", "\u00a0", *HIDERS]), min_size=20, max_size=20),
    wide=st.booleans(),
)
def test_nothing_put_between_digits_hides_a_number(number: str, between: list[str], wide: bool) -> None:
    hidden = "".join(digit + gap for digit, gap in zip(number, between, strict=False))
    left = redact("号码：" + (hidden.translate(full_width) if wide else hidden) + "，谢谢", names=())
    assert left.text == ""
    assert sum(left.dropped.values()) == 1


@pytest.mark.promise("C6")
@untimed
@given(before=st.integers(0, 60), after=st.integers(0, 60), blank=st.booleans())
def test_a_long_line_loses_the_sentences_round_a_span_and_nothing_of_the_span_stays(
    before: int, after: int, blank: bool
) -> None:
    sentence = "We deploy on Tuesdays. " if blank else "每周二发布"
    token = "ghp" + "_" + DRAWN * 40
    text = sentence * before + f"use {token} here. " + sentence * after
    left = redact(text, names=())
    assert left.dropped == {"secret": 1}
    assert not any(piece in left.text for piece in ("ghp", DRAWN[:8], DRAWN[-8:]))
    if len(sentence) * before > 400:
        assert left.text.startswith(sentence * (before // 4))


def test_a_short_line_goes_as_a_whole_and_a_long_one_does_not() -> None:
    prose = "We deploy on Tuesdays after the stand-up, from the release branch. "
    assert kept(f"{prose}Call {MOBILE}. {prose}") == ""
    left = kept(prose * 8 + f"Call {MOBILE}. " + prose * 8)
    assert MOBILE not in left
    assert left.count(prose.strip()) >= 13


@pytest.mark.promise("C3")
@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        ("请 @张三 看一下，张三丰也看", ("张三", "张三丰"), f"请 {COLLEAGUE} 看一下，{COLLEAGUE}也看"),
        ("Zhang San and Zhang ship it", ("Zhang", "Zhang San"), f"{COLLEAGUE} and {COLLEAGUE} ship it"),
        ("will Will be willing, Willow?", ("Will",), f"will {COLLEAGUE} be willing, Willow?"),
        ("ask @@Bob!", ("@Bob",), f"ask {COLLEAGUE}!"),
        ("问Bob吧", ("Bob",), f"问{COLLEAGUE}吧"),
        ("张\u200b三 ok", ("张三",), f"{COLLEAGUE} ok"),
        ("明天 @明 发布", ("明",), f"明天 {COLLEAGUE} 发布"),
        (f"{COLLEAGUE} asked a colleague", ("colleague",), f"{COLLEAGUE} asked a {COLLEAGUE}"),
        ("a+b (x) ok", ("(x)", "a+b"), f"{COLLEAGUE} {COLLEAGUE} ok"),
    ],
)
def test_names_become_role_tokens(text: str, names: tuple[str, ...], left: str) -> None:
    assert kept(text, *names) == left


@pytest.mark.promise("C6")
def test_a_colleagues_state_is_dropped_even_where_only_the_name_says_who() -> None:
    assert kept("慕容雪住院了，值班换人", "慕容雪") == ""
    assert kept("Siobhan is on sick leave", "Siobhan") == ""


def test_dropped_counts_spans_and_an_overlap_once() -> None:
    text = f"call {MOBILE}\nor 13900139000\npassword: Abc123!@#\nbuild 42 passed"
    assert redact(text, names=()) == Redacted("build 42 passed", {"phone": 2, "secret": 1})


def test_text_made_to_reveal_more_with_every_round_is_dropped_to_the_last_character() -> None:
    nested = redact("password:\n" * 50 + "Abc123!@#\n" * 50, names=())
    assert nested.text == ""
    assert nested.dropped.keys() == {"secret"}


# Text that brings the detectors' own words close together, with everything that breaks text handling.
FRAGMENTS = """password 密码 是 is : = token key secret http:// @ - . 。 / ? & 13800138000 6222 0212 1101 05 1949 +86
010 我 他 确诊 工资 绩效 my kids salary son http://a:b@c -----BEGIN PRIVATE KEY----- eyJ ghp_ [colleague] [ ] 张三
Bob @Bob 市 区 路 1号 kind:Secret { } " ' `"""
fragments = st.sampled_from(
    [*FRAGMENTS.split(), " ", "\n", "\x00", "\ud83d", "\u200b", "é", "İ", "👨‍👩‍👧", DRAWN, HEX, UUID]
)
texts = st.one_of(
    st.text(st.characters(codec=None), max_size=80),
    st.lists(fragments, max_size=40).map("".join),
)
name_lists = st.lists(
    st.one_of(
        st.sampled_from(["张三", "张三丰", "Bob", "@Bob", "", "@", "x[c", "]x", "colleague"]), st.text(max_size=4)
    ),
    max_size=4,
)


@pytest.mark.promise("C6")
@settings(deadline=None, max_examples=200)
@given(text=texts, names=name_lists)
def test_redacting_again_changes_nothing_and_finds_nothing(text: str, names: list[str]) -> None:
    once = redact(text, names=names)
    assert redact(once.text, names=names) == Redacted(once.text, {})
    folded = fold(once.text)
    assert [*secrets.find(folded), *personal.find(folded), *sensitive.find(folded)] == []


@untimed
@given(text=texts)
def test_text_without_anything_sensitive_comes_back_as_it_was(text: str) -> None:
    result = redact(text, names=())
    assert result.dropped or result.text == text


@pytest.mark.promise("C6")
@untimed
@given(
    secret=st.text(string.ascii_letters + string.digits, min_size=24, max_size=64).filter(
        # As random ones are: of many characters, letters and digits by turns.
        lambda value: len(set(value)) >= 12 and sum(a.isdigit() != b.isdigit() for a, b in pairwise(value)) >= 8
    ),
    form=st.sampled_from(
        ["{}", "token {}", "KEY={}", '"secret": "{}"', "用{}试试", "密钥是{}。", "it is `{}`, thanks"]
    ),
)
def test_a_random_token_is_gone_wherever_it_stands(secret: str, form: str) -> None:
    assert secret not in kept(form.format(secret))


@untimed
@given(text=st.text(st.characters(codec=None), max_size=200))
def test_positions_in_folded_text_lead_back_to_the_text_as_written(text: str) -> None:
    folded = fold(text)
    origins = folded.origins()
    assert len(folded.lower) == len(folded.text) == len(origins) - 1
    assert all(a <= b for a, b in pairwise(origins))
    assert all(fold(text[origin]).text for origin in origins[:-1])


HOSTILE = [
    "a",
    "1",
    "1 ",
    "a1",
    "A-",
    "/",
    "a/",
    "://",
    "@",
    "x@",
    "x@a.",
    "password ",
    "password:",
    "密码是",
    "key=",
    "?token=",
]
HOSTILE += [
    "市区路",
    "我得了",
    "i have my ",
    "-----BEGIN PRIVATE KEY-----\n",
    '"private_key":',
    "kind: Secret\n",
    "eyJ",
    "6222 ",
]
HOSTILE += ["+1", "\n", " -p", "https://hook/a/"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_twenty_thousand_hostile_characters_are_read_in_bounded_work(unit: str) -> None:
    # A pattern that backtracks would not come back while anybody waits; no clock is read.
    text = (unit * 20_000)[:20_000]
    once = redact(text, names=("Bob", "张三"))
    assert redact(once.text, names=("Bob", "张三")).text == once.text
    assert once.text in ("", text) or len(once.text) < len(text)


@pytest.mark.promise("C6")
def test_what_is_dropped_from_twenty_thousand_characters_is_counted_to_the_last() -> None:
    line = f"call {MOBILE} today\n"
    result = redact(line * (20_000 // len(line)), names=())
    assert result == Redacted("", {"phone": 20_000 // len(line)})
