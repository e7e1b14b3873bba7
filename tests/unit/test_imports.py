"""Import rules of the single modules beside the packages, which the import linter does not follow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "agora",
    "bucket",
    "composition",
    "doctor",
    "engine",
    "handlers",
    "messages",
    "recordings",
    "simulator",
    "storage",
    "web",
}
MODULES = {"bot", "demo", "logs", "rate_limits", "settings"}


def imported(module: str) -> set[str]:
    return set(_imported((ROOT / f"{module}.py").read_text(encoding="utf-8")))


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("module", ["settings", "logs"])
def test_settings_and_logs_import_nothing_of_the_project(module: str) -> None:
    assert not imported(module) & (PACKAGES | MODULES | {"tests"})


@pytest.mark.parametrize("module", ["bot", "logs", "settings"])
def test_the_bot_does_not_import_the_simulator(module: str) -> None:
    assert not imported(module) & {"simulator", "demo", "tests"}


def test_the_rate_limiters_import_only_the_clock_of_the_domain() -> None:
    assert imported("rate_limits") & (PACKAGES | MODULES | {"tests"}) == {"recordings"}


def test_of_the_single_modules_only_bot_reads_settings() -> None:
    readers = {path.stem for path in ROOT.glob("*.py") if {"settings", "logs"} & imported(path.stem)}
    assert readers == {"bot"}


def test_these_rules_know_every_package_and_module() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"} == PACKAGES
    assert {path.stem for path in ROOT.glob("*.py")} <= MODULES
