"""What every test gets: nothing of the operator's environment, no proxy, and the same examples each time."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A check that fails must fail again: the same examples are drawn each time, and a busy machine hurries none of them.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def no_settings_of_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BYLINE_"):
            monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
