"""The model: any chat model that langchain's `init_chat_model` knows, or any OpenAI-compatible server.

Decides how a question and its passages are written down for the model. What the model is told stands in prompts/; what
its reply is worth is decided by `core.compose.read_reply`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.core.gate import Permitted
from bot.core.questions import Language, Question
from bot.errors import Lack, SetupError
from bot.stores import remote

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

MAX_TOKENS = 1_500
"""Of a reply: some eight sentences with the words they rest on, and room for a model that thinks aloud first."""

RETRIES = 1
"""After a failed connection, 429 or 5xx, within the same time-out."""


def open_model(
    name: str | None,
    *,
    base_url: str | None,
    api_key: str | None,
    timeout_s: float,
    prompts: Mapping[Language, str],
    retries: int = RETRIES,
) -> LangchainModel | None:
    """Open the chat model called `name`; None if there is no name, and answers are then quotes.

    With `base_url` any name goes, to that OpenAI-compatible server; without it, `name` is as `init_chat_model` takes it
    ("openai:gpt-4o-mini"). `prompts` are the system prompts by language. Raises SetupError where the name means
    nothing, its provider's package is missing, or the provider lacks its key.
    """
    if not name:
        return None
    from langchain.chat_models import init_chat_model

    close = None
    settings: dict[str, Any] = {"temperature": 0, "timeout": timeout_s, "max_retries": retries}
    if base_url is not None or name.startswith("openai:"):
        from openai import DefaultAsyncHttpxClient

        # Langchain's own client is shared by the whole process, so that nobody may close it.
        settings["http_async_client"] = client = DefaultAsyncHttpxClient()
        close = client.aclose
    if base_url is not None:
        # Servers of one's own know max_tokens, not what langchain-openai makes of it, max_completion_tokens.
        settings["extra_body"] = {"max_tokens": MAX_TOKENS}
        settings |= {"base_url": base_url, "api_key": api_key or remote.NO_KEY}
        name, provider = name.removeprefix("openai:"), "openai"
        reads = remote.recipient(f"model {name}", base_url)
    else:
        settings["max_tokens"] = MAX_TOKENS
        provider, _, bare = name.partition(":")
        provider, bare = (provider, bare) if bare else ("", name)
        if provider == "openai":
            settings["base_url"] = remote.OPENAI
        if api_key is not None:
            settings["api_key"] = api_key
        reads = f"model {bare} at {remote.host(remote.OPENAI) if provider == 'openai' else provider or 'its provider'}"
        name = bare
    try:
        chat = init_chat_model(name, model_provider=provider or None, **settings)
    except ImportError:
        raise SetupError(
            Lack(f"the package of BYLINE_MODEL's provider ({provider}) is missing", "install it")
        ) from None
    except Exception as error:  # noqa: BLE001 - each provider's client rejects its settings with an error of its own
        raise SetupError(
            Lack(f"BYLINE_MODEL cannot be opened ({type(error).__name__})", "write provider:model, and set its key")
        ) from None
    return LangchainModel(chat, recipient=reads, timeout_s=timeout_s, prompts=prompts, close=close)


class LangchainModel:
    """Fills the Model port with a langchain chat model. Made by `open_model`."""

    def __init__(
        self,
        chat: BaseChatModel,
        *,
        recipient: str | None,
        timeout_s: float,
        prompts: Mapping[Language, str],
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._chat, self._recipient, self._timeout_s, self._prompts = chat, recipient, timeout_s, prompts
        self._close = close

    @property
    def recipient(self) -> str | None:
        return self._recipient

    async def reply(self, question: Question, permitted: Sequence[Permitted]) -> str:
        """The model's raw reply. Raises PlatformError, also on time-out."""
        from langsmith import tracing_context

        messages = [("system", self._prompts[question.language]), ("human", put(question, permitted))]
        # An environment variable must not send questions and passages to an outsider whom nobody ticked.
        with tracing_context(enabled=False):
            async with remote.outward("the model", timeout_s=self._timeout_s):
                answer = await self._chat.ainvoke(messages)
                return str(answer.text)

    async def close(self) -> None:
        """Close the connections to the provider; the model is of no use afterwards."""
        if self._close is not None:
            await self._close()


def put(question: Question, permitted: Sequence[Permitted]) -> str:
    """The question under its passages, for the model: one JSON object a line, passages numbered from 1.

    A passage can neither end its line nor begin another: what it says stays inside its own string (D5).
    """
    lines: list[dict[str, object]] = []
    for n, each in enumerate(permitted, start=1):
        sent_at = each.passage.sent_at
        date = sent_at.date().isoformat() if sent_at is not None else None
        lines.append({"passage": n, "date": date, "text": _visible(each.passage.text)})
    if question.earlier is not None and question.searched != question.text:
        lines.append({"earlier_question": _visible(question.earlier)})
    lines.append({"question": _visible(question.text)})
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)


def _visible(text: str) -> str:
    """Without what a reader would not see (zero-width, bidi and tag characters, where instructions hide), and with
    plain newlines for every separator that JSON leaves as it is."""
    shown = (c for c in text if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn") and (c >= " " or c in "\n\t"))
    return "\n".join("".join(shown).splitlines())
