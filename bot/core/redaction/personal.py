"""Numbers and addresses that belong to a person: ids, bank cards, phones, passports, e-mail and postal addresses.

Decides by check digit where a number has one (GB 11643 resident ids, Luhn, IBAN's mod 97), so that order numbers, build
numbers and timestamps stay; by shape and by what it is called where it has none. Does not know whose a number is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.core.redaction.folding import Folded, Span, pattern

_LONG_NUMBER = pattern(r"\d(?:[ \-._/·()]{0,3}\d){6}")
_RUN = pattern(r"\d(?:[ \-]{0,3}\d)*(?:[ \-]{0,3}[Xx](?![A-Za-z0-9]))?")
_GROUP = pattern(r"\d+[Xx]?|[Xx]")


def find(folded: Folded) -> Iterator[Span]:
    """Every such number and address; spans may overlap. Takes time linear in the length of the text."""
    text, lower = folded.text, folded.lower
    if _LONG_NUMBER.search(text):
        yield from _numbers(text, lower)
        yield from _phones(text, lower)
        yield from _named_ids(text, lower)
    if "@" in text:
        yield from _emails(lower)
    yield from _postal_addresses(text, lower)


# Numbers with a check digit, and mobiles, however they are spaced.

_PROVINCES = frozenset(
    str(code)
    for code in (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
        81,
        82,
        83,
    )
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NOT_A_PERSONS = pattern(
    r"(?:build|order|ticket|tracking|invoice|sku|barcode|isbn|imei|serial|meeting|job|task"
    r"|trace|commit|pid|uid|timestamp|订单|单号|流水号|工单|运单|会议|时间戳|版本|预算|批次|编号|货号|条码|合同|发票)"
    r" *(?:number|id|no\.?|号码?|#|是|为)?[ :#=]*\Z"
)
_CARD_WORD = pattern(
    r"card|bank|account|\bacct|visa|mastercard|amex|unionpay|卡|银行|账号|账户|帐号|户名|开户|转账|汇款|打款|收款"
)
_ISSUED = pattern(
    r"62\d{14,17}|9558\d{12}(?:\d{3})?"  # UnionPay, ICBC
    r"|4\d{15}|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Visa, Mastercard
    r"|3[47]\d{13}|35(?:2[89]|[3-8]\d)\d{12}|6011\d{12}|64[4-9]\d{13}|65\d{14}"  # American Express, JCB, Discover
)
_MOBILE = pattern(r"(?:(?:00)?86)?(1[3-9]\d{9})")
_USUAL_SHAPES = frozenset(
    {(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 4, 3), (5, 6), (6, 5), (4, 3, 4)}
    | {(4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (6, 13), (6, 10), (8, 8)}
)


def _numbers(text: str, lower: str) -> Iterator[Span]:
    for run in _RUN.finditer(text):
        if len(run[0]) < 11 or _is_inside_a_word(text, run):
            continue
        labelled = _NOT_A_PERSONS.search(lower, max(0, run.start() - 20), run.start()) is not None
        for start, end, digits, usual in _windows(text, run):
            if _is_resident_id(digits):
                yield Span(start, end, "id_card")
            elif not usual or labelled:
                continue
            elif _is_bank_card(digits, lower, start):
                yield Span(start, end, "bank_card")
            elif _MOBILE.fullmatch(digits):
                yield Span(start, end, "phone")


def _windows(text: str, run: re.Match[str]) -> Iterator[tuple[int, int, str, bool]]:
    """Each row of whole digit groups that has 11 to 19 digits: start, end, its digits, and whether cards and phones are
    grouped so, or it is all there is: two other numbers side by side make a Luhn number one time in ten."""
    groups = [match.span() for match in _GROUP.finditer(text, *run.span())]
    for first, (start, _) in enumerate(groups):
        digits = ""
        shape: tuple[int, ...] = ()
        for begin, end in groups[first : first + 19]:
            digits += text[begin:end].upper()
            shape += (end - begin,)
            if len(digits) > 19:
                break
            if len(digits) >= 11:
                yield start, end, digits, shape in _USUAL_SHAPES or (start, end) == run.span()


_WORD_BEFORE = pattern(r"(?P<label>[A-Za-z]*)[_\-]?(?<=[A-Za-z_\-])\Z")
_DECIMALS_BEFORE, _DECIMALS_AFTER = pattern(r"\d[.:,]\Z"), pattern(r"[.:]\d|[A-Za-z0-9]")
_LABELS = frozenset({"tel", "phone", "mobile", "mob", "cell", "call", "wechat", "vx", "wx", "id", "no", "card", "acct"})


def _is_inside_a_word(text: str, run: re.Match[str]) -> bool:
    """Part of a hash, a waybill (SF…), a decimal or a version rather than a number by itself."""
    since = max(0, run.start() - 12)
    if _DECIMALS_BEFORE.search(text, since, run.start()) or _DECIMALS_AFTER.match(text, run.end()):
        return True
    word = _WORD_BEFORE.search(text, since, run.start())
    return word is not None and word["label"] != "" and word["label"].lower() not in _LABELS


def _is_resident_id(digits: str) -> bool:
    """GB 11643: province, a date of birth, and a check digit by ISO 7064 MOD 11-2. Also residence permits (81-83, "
    "9)."""
    if len(digits) != 18 or not digits[:17].isdigit() or (digits[:2] not in _PROVINCES and digits[0] != "9"):
        return False
    if not _is_birthday(int(digits[6:10]), int(digits[10:12]), int(digits[12:14])):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == digits[17]


def _is_birthday(year: int, month: int, day: int) -> bool:
    if not 1900 <= year <= 2050:
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_bank_card(digits: str, lower: str, start: int) -> bool:
    """Luhn, and a leading number that ISO/IEC 7812 gives to banks; the rarer ones only where the talk is of a card."""
    if len(digits) < 12 or not digits.isdigit():
        return False
    total = sum(map(int, digits[-1::-2])) + sum((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[int(digit)] for digit in digits[-2::-2])
    if total % 10 or len(set(digits)) < 2:
        return False
    if _ISSUED.fullmatch(digits):
        return True
    return digits[0] in "34569" and _CARD_WORD.search(lower, max(0, start - 30), start) is not None


# Phones.

_LANDLINE = pattern(
    r"(?<![\d.\-/])(?:\(0(?:10|2\d|[3-9]\d{2})\) ?|0(?:10|2\d|[3-9]\d{2})[ \-]{1,3})[2-9]\d{2,3}[ \-]?\d{4}(?![\d.])"
)
_INTERNATIONAL = pattern(r"(?<![\w+.])\+[1-9](?:[ \-.()]{0,2}\d){7,14}(?!\d)")
_NORTH_AMERICAN = pattern(
    r"(?<![\w.\-/])(?:1[ .\-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}([.\-]))[2-9]\d{2}[.\-]\d{4}(?![\w\-])"
)
_DOTTED_MOBILE = pattern(r"(?<![\d.])1[3-9]\d([._/·*,])\d{4}\1\d{4}(?!\d)")
_NAMED_PHONE = pattern(
    r"(?:电话|手机|座机|联系方式|传真|\bphone|\bmobile|\bcell|\btel\b|\bwhatsapp|\bcall me|\bfax|\bsms"
    r"|\btext me)(?:号码?|number|\bno\b|\bis\b|\bat\b|\bon\b|[\s.:#=是为]){0,6}"
    r"(?P<number>\+?\(?\d(?:[ \-()]{0,2}\d){6,14})(?!\d)"
)
_HOTLINE = pattern(r"\+?1?[ .\-(]*(?:400|800|88[0-9]|877|866|855|844|833|95\d{3}|12\d{3}$)")
_LOCAL = pattern(r"\d{7}|\d{3}-\d{4}")
_DATE = pattern(r"(?:19|20)\d\d[ \-]?[01]\d[ \-]?[0-3]\d")


def _phones(text: str, lower: str) -> Iterator[Span]:
    for form in (_LANDLINE, _INTERNATIONAL, _NORTH_AMERICAN, _DOTTED_MOBILE):
        yield from (Span(*match.span(), "phone") for match in form.finditer(text) if not _HOTLINE.match(match[0]))
    for match in _NAMED_PHONE.finditer(lower):
        number = match["number"]
        if (
            (_LOCAL.fullmatch(number) or sum(map(str.isdigit, number)) >= 8)
            and not _HOTLINE.match(number)
            and not _DATE.match(number)
        ):
            yield Span(*match.span("number"), "phone")


# Ids without a check digit that anybody can verify: shape and name.

_PASSPORT = pattern(r"(?<![A-Za-z0-9])(?:E[A-HJ-NP-Z]\d{7}|[EG]\d{8})(?![A-Za-z0-9])")
_NAMED_PASSPORT = pattern(
    r"(?:护照|通行证|passport)(?:号码?|\b.{0,3}number|\bno\b|\bis\b"
    r"|[\s.:#=是为]){0,6}(?P<number>[a-z]{0,3}\d{6,10})(?![a-z0-9])"
)
_SOCIAL_SECURITY = pattern(r"(?<![\w\-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w\-])")
_NAMED_SOCIAL_SECURITY = pattern(
    r"(?:\bssn\b|social security)[^\d\n]{0,20}(?P<number>\d{3}[ \-]?\d\d[ \-]?\d{4})(?!\d)"
)
_OLD_RESIDENT_ID = pattern(r"身份证[^\d\n]{0,10}(?P<number>\d{6}(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)\d{3})(?!\d)")
_IBAN = pattern(
    r"(?<![A-Za-z0-9])(?:A[DET]|B[EGRH]|C[HYZ]|D[EK]|E[ES]|F[IR]|G[BR]|H[RU]|I[ELST]|K[WZ]|L[ITUV]|M[CT]|N[LO]|P[LT]|QA|RO"
    r"|S[AEIK]|TR)\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)


def _named_ids(text: str, lower: str) -> Iterator[Span]:
    yield from (Span(*match.span(), "passport") for match in _PASSPORT.finditer(text))
    yield from (Span(*match.span("number"), "passport") for match in _NAMED_PASSPORT.finditer(lower))
    yield from (Span(*match.span(), "id_card") for match in _SOCIAL_SECURITY.finditer(text))
    yield from (Span(*match.span("number"), "id_card") for match in _NAMED_SOCIAL_SECURITY.finditer(lower))
    for match in _OLD_RESIDENT_ID.finditer(text):
        if match["number"][:2] in _PROVINCES and _is_birthday(
            1900 + int(match["year"]), int(match["month"]), int(match["day"])
        ):
            yield Span(*match.span("number"), "id_card")
    for match in _IBAN.finditer(text):
        compact = match[0].replace(" ", "")
        if int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1:
            yield Span(*match.span(), "bank_card")


# Addresses.

_EMAIL = pattern(r"(?<![\w.+\-~])(?P<box>[\w.+\-]{1,64})@(?:[\w\-]{1,63}\.){1,5}[a-z]{2,24}(?![\w@])")
_ROLE_WORDS = (
    "git info support help helpdesk contact sales admin root postmaster webmaster hostmaster abuse security privacy "
    "legal hr jobs careers press team "
    "teams noreply reply donotreply notification notifications billing finance account accounts office hello "
    "service services ops oncall devops dev sre "
    "it list lists users announce bugs bug feedback marketing newsletter test example demo foo bar name you someone "
    "user me product products "
    "department people payroll payable ap ar invoices invoice tax treasury compliance ethics reports report panic "
    "emergency incident incidents alerts "
    "alert monitoring infra infrastructure platform engineering design research data analytics recruiting talent "
    "benefits rewards travel events "
    "community partners partner procurement purchasing vendor vendors training learning diversity inclusion "
    "internal external all everyone company "
    "group bot robot ci build release releases docs documentation api customer customers success renewals orders "
    "order shop store mail email server "
    "daemon mailer system calendar room rooms facilities reception frontdesk employment shadow"
)
_ROLES = frozenset(_ROLE_WORDS.split())
_ROLE_INSIDE = pattern(
    r"support|payroll|team|relations|diversity|inclusion|service|recruit|acquisition|security|finance|notif|feedback"
    r"|admin|reply"
)
_NO_MAILBOX = pattern(
    r"@(?:[\w\-]+\.)*(?:example\.\w+|localhost|calendar\.google\.com|[\w\-]+\.(?:png|jpe?g|gif|svg|service|local"
    r"|internal))\Z"
)

_CHINESE_ADDRESS = pattern(
    r"(?<=[\u4e00-\u9fff])(?:省|自治[区州县]|市(?![场值面民])|区(?![块分别间域])|县|镇"
    r"|乡)[\u4e00-\u9fffA-Za-z0-9]{0,20}?"
    r"(?:路(?![由径演线标])|街|大道|巷|弄|胡同|村|小区|花园|公寓|家园|新苑|嘉园|大厦)[\u4e00-\u9fffA-Za-z0-9\- ]{0,12}?"
    r"[0-9A-Za-z一二三四五六七八九十甲乙丙丁]{1,5}(?:号|座|栋|幢|楼|室|单元|弄|户|层)"
)
_NAMED_CHINESE_ADDRESS = pattern(
    r"(?:家庭|居住|收货|收件|邮寄|户籍|我家|他家|她家)(?:的)?(?:地址|住址"
    r"|所在地)[\s:是为在]{0,4}[\u4e00-\u9fff]{2,}[\u4e00-\u9fff0-9]{3,}"
    r"|(?:我|他|她)(?:们?家)?(?:现在)?(?:就)?住在?[\u4e00-\u9fff0-9]{2,16}(?:路|街|巷|弄|小区|花园|公寓|家园|苑|号楼"
    r"|单元|\d室)"
)
_STREET = pattern(
    r"\b\d{1,5}[A-Z]? (?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard"
    r"|Blvd|Court|Ct|Way|Place|Pl|Terrace|Crescent)\b"
)
_LIVES = pattern(
    r"address|\blives?\b|\bliving\b|\bship|\bmail|\bdeliver|\bhome\b|\bhouse\b|\bapartment\b|\bapt\b|\bsend\b"
)


def _emails(lower: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(lower):
        if (
            _ROLES.isdisjoint(re.split(r"[+.\-_\d]", match["box"]))
            and not _ROLE_INSIDE.search(match["box"])
            and not _NO_MAILBOX.search(match[0])
        ):
            yield Span(*match.span(), "email")


def _postal_addresses(text: str, lower: str) -> Iterator[Span]:
    if not text.isascii():
        for form in (_CHINESE_ADDRESS, _NAMED_CHINESE_ADDRESS):
            yield from (Span(*match.span(), "address") for match in form.finditer(text))
    for match in _STREET.finditer(text):
        if _LIVES.search(lower, max(0, match.start() - 60), match.start()) or re.match(
            r"[., ]+(?:Apt|Unit|Suite|#|[A-Z][a-z]+,? [A-Z]{2}\b)", text[match.end() : match.end() + 40]
        ):
            yield Span(*match.span(), "address")
