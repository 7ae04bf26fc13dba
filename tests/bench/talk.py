"""Invented talk of an invented team, seeded: who rolls out, restores or audits which system, in English and Chinese.

Made of a few word lists, so it measures speed and says nothing of quality.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.messages import Message
from bot.core.people import PersonId, SourceId
from tests.bench import dice_from

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


def _pairs(words: str) -> list[tuple[str, str]]:
    """English and Chinese in turn."""
    split = words.split()
    return list(zip(split[::2], split[1::2], strict=True))


SYSTEMS = tuple(
    f"{first}{second}-{part}"
    for first in ("bel", "cor", "dun", "fal", "gim", "hol", "jat", "kes", "lum", "mor")
    for second in ("ano", "eki", "iru", "osa", "umi", "avel", "erit", "ilon", "ozar", "ugin")
    for part in ("api", "worker", "cache", "batch")
)
"""What is talked about; each message of substance names one, and so does each question."""

_ENGLISH = (
    "Before you {verb} {system}, drain queue {number} and wait until {measure} is below {small}.",
    "I {verb} {system} with `make {verb}-{number}`; the runbook is in tools/{system}/{verb}.md",
    "If {system} fails to {verb}, revert to build {number} first, then look at {measure} on the second board.",
    "{system}: {verb} in staging, leave it for {small} minutes, compare {measure}, and only then go on to production",
    "We {verb} {system} on Tuesdays. Whoever does it writes the build ({number}) and {measure} into the release note.",
)
_CHINESE = (
    "{system} 要{verb_zh}的话，先把队列 {number} 排空，等{measure_zh}降到 {small} 以下再动手。",
    "我一般用 `make {verb}-{number}` 给 {system} {verb_zh}，步骤写在 tools/{system} 的说明里",
    "{system} {verb_zh}失败就先退回 {number} 这个版本，然后看第二块看板上的{measure_zh}。",
    "{system}：先在预发{verb_zh}，放 {small} 分钟，对比{measure_zh}没问题再上生产",
)
_ASKING = (
    "how do we {verb} {system} when {measure} is high?",
    "what has to be done before we {verb} {system}?",
    "{system} {verb_zh}之前要做什么？",
    "{system} 的{measure_zh}太高，怎么{verb_zh}？",
)
_SMALL_TALK = ("ok", "收到", "thanks!", "on it", "好的，谢谢", "looking", "👍", "same here")
_VERBS = _pairs(
    """
    roll-out 发布 restore 恢复 audit 核对 resize 扩容 migrate 迁移 restart 重启 archive 归档 replay 回放
    reindex 重建索引 rotate 轮换 throttle 限流 mirror 镜像 split 拆分 merge 合并 patch 打补丁 rename 改名
    drain 摘流量 warm 预热 pin 锁版本 export 导出
    """
)
_MEASURES = _pairs(
    """
    latency 延迟 backlog 积压 errors 错误率 disk 磁盘 memory 内存 retries 重试 timeouts 超时 throughput 吞吐
    saturation 饱和度 connections 连接数 drift 偏差 staleness 陈旧度 misses 未命中 locks 锁等待 handles 句柄数
    restarts 重启次数
    """
)


def talk(number: int, *, sources: Sequence[SourceId], people: Sequence[PersonId], seed: int) -> list[Message]:
    """So many messages, oldest first, spread over the sources; people take turns of one to four messages.

    About one in eight is small talk and one in eight a question; one in ten replies to the message before it.
    """
    dice = dice_from(seed)
    said: list[Message] = []
    last: dict[SourceId, Message] = {}
    at = START
    while len(said) < number:
        source, author = dice.choice(sources), dice.choice(people)
        for _ in range(dice.randint(1, 4)):
            at += timedelta(seconds=dice.expovariate(1 / 90))
            before = last.get(source)
            reply_to = before.id if before is not None and dice.random() < 0.1 else None
            last[source] = Message(f"om_{seed}_{len(said)}", source, author, at, _text(dice), reply_to=reply_to)
            said.append(last[source])
    return said[:number]


def question(dice: random.Random) -> str:
    """Something that the talk speaks of."""
    return _filled(dice.choice(_ASKING), dice)


def as_rows(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The rows that `tests.lark_export.as_items` turns into a Lark export."""
    return [
        {
            "id": message.id,
            "chat_id": message.source.key,
            "thread_id": None,
            "sender": message.author.user if message.author is not None else None,
            "ts": message.sent_at.isoformat() if message.sent_at is not None else None,
            "text": message.text,
            "meta": {"reply_to": [message.reply_to]} if message.reply_to is not None else {},
        }
        for message in messages
    ]


def _text(dice: random.Random) -> str:
    kind = dice.random()
    if kind < 0.125:
        return dice.choice(_SMALL_TALK)
    return question(dice) if kind < 0.25 else _filled(dice.choice(_ENGLISH + _CHINESE), dice)


def _filled(template: str, dice: random.Random) -> str:
    (verb, verb_zh), (measure, measure_zh) = dice.choice(_VERBS), dice.choice(_MEASURES)
    return template.format(
        system=dice.choice(SYSTEMS),
        verb=verb,
        verb_zh=verb_zh,
        measure=measure,
        measure_zh=measure_zh,
        number=dice.randint(1000, 9999),
        small=dice.randint(2, 60),
    )
