"""The documents say what the program has: every setting, command, route, state and reason, and none that it has not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from flask import Response
from prometheus_client.parser import text_string_to_metric_families

import settings
from handlers import COMMANDS
from handlers.commands.parser import VERBS
from messages import copy
from recordings.model.alerts import AlertKind
from recordings.model.options import END_WORDS, OPTION_WORDS
from recordings.model.reason import Reason
from recordings.model.recording import TRANSITIONS, State
from web.app import web_app
from web.metrics import Overview, PrometheusMeter

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
REQUIRED = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "AGORA_APP_ID": "0" * 32,
    "AGORA_CUSTOMER_ID": "id",
    "AGORA_CUSTOMER_SECRET": "secret",
    "STORAGE_BUCKET": "bucket",
    "STORAGE_REGION": "us-east-1",
    "STORAGE_ACCESS_KEY": "key",
    "STORAGE_SECRET_KEY": "secret",
}
SERVED = {
    f"{method} {rule.rule}"
    for rule in web_app(dict, lambda request: Response(), bytes, lambda request: Response()).url_map.iter_rules()
    for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
}


def section(page: str, title: str) -> str:
    """What stands under a headline, up to the next of its level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def table(text: str) -> list[list[str]]:
    """The rows of the tables in a text, their headlines left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for before, row in zip([[], *rows], rows, strict=False) if before and not row[0].startswith("--")]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# README


def test_the_readme_names_every_setting_with_both_names_and_no_other() -> None:
    shown = {tuple(names(row[0])) for row in table(section(README, "Settings"))}
    assert shown == set(settings.names().values())


def test_the_readme_shows_the_defaults() -> None:
    defaults = {names(row[0])[0]: row[2].strip("`") for row in table(section(README, "Settings"))}
    given = {name: value for name, value in defaults.items() if value not in ("", "required", "this or the next")}
    nowhere = ROOT / "no such file"
    assert settings.load(REQUIRED | given, nowhere) == settings.load(REQUIRED, nowhere)


def test_the_readme_marks_as_required_what_is_required() -> None:
    shown = {names(row[0])[0] for row in table(section(README, "Settings")) if row[2] == "required"}
    assert shown == REQUIRED.keys() - {"SLACK_APP_TOKEN"}


def test_the_readme_names_every_command_and_no_other() -> None:
    shown = {tuple(names(row[0])[0].split()[:2]) for row in table(section(README, "Commands"))}
    assert shown == {(command, verb) for command in COMMANDS for verb in VERBS} | {(command,) for command in COMMANDS}


def test_the_readme_names_every_word_for_how_to_record() -> None:
    shown = {name for row in table(section(README, "The form and its words")) for name in names(row[1])}
    assert {name.split()[0] for name in shown} == {*OPTION_WORDS, *END_WORDS}


def test_the_readme_names_every_http_route_and_no_other() -> None:
    assert {names(row[0])[0] for row in table(section(README, "Running it"))} == SERVED


@pytest.mark.parametrize(
    ("gap", "there"),
    [
        ("`/agora/webhook`", "POST /agora/webhook" in SERVED),
        ("`/metrics`", "GET /metrics" in SERVED),
        ("**Proof of delivery**", (ROOT / "files").exists()),
        ("`im:write`", "- im:write" in (ROOT / "manifest.yml").read_text(encoding="utf-8")),
    ],
)
def test_the_readme_owns_up_to_what_is_not_there_and_to_nothing_that_is(gap: str, there: bool) -> None:
    assert (gap in section(README, "Limits")) is not there


def test_the_readme_explains_every_scope_that_the_app_asks_for() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    shown = {names(row[0])[0] for row in table(section(README, "Set up Slack"))}
    assert shown == set(manifest["oauth_config"]["scopes"]["bot"])


def test_the_readme_names_every_kind_of_message() -> None:
    kinds = {str(kind) for kind in AlertKind} | {"recording_card"}
    assert kinds == set(re.findall(r"`(recording_\w+)`", section(README, "The card and the alerts")))


def test_the_readme_shows_each_sign_of_the_card_with_its_words() -> None:
    for sign in copy.STATE_EMOJI.values():
        assert f"| {sign} |" in README
    for state in ("Starting", "Interrupted", "Stopping", "Stopped, files are being uploaded", "Finished", "Failed"):
        assert f"| {state} |" in README


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = {name for line in re.findall(r"^([a-z ]+):", MAKEFILE, re.MULTILINE) for name in line.split()}
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", pages, re.MULTILINE))
    assert {"demo", "test", "run", "live"} <= named <= targets


# docs/runbook.md


def raised() -> set[Reason]:
    """The reasons that the domain gives: named in a function, not only in a list at a module's top."""
    sources = [path for path in (ROOT / "recordings").glob("*.py") if path.name != "model.py"]
    functions = [
        node
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    return {Reason[name] for function in functions for name in _reasons_in(function)}


def _reasons_in(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "Reason":
            yield each.attr


def told() -> set[tuple[str, str]]:
    tables = {
        AlertKind.FAILED: copy.FAILED,
        AlertKind.ENDED: copy.ENDED,
        AlertKind.WARNING: copy.WARNING,
        AlertKind.RECOVERED: copy.RECOVERED,
    }
    return {(str(kind), str(reason)) for kind, reasons in tables.items() for reason in reasons if reason in raised()}


def test_every_reason_that_is_raised_has_words() -> None:
    assert raised() == {Reason(reason) for _, reason in told()}


def test_the_runbook_has_every_message_that_the_bot_can_send_and_no_other() -> None:
    sections = {kind: section(RUNBOOK, kind) for kind in map(str, AlertKind)}
    shown = {
        (kind, name) for kind, text in sections.items() for name in re.findall(r"^### `(\w+)`", text, re.MULTILINE)
    }
    assert shown == told()


def test_the_runbook_says_what_to_do_about_each() -> None:
    parts = re.split(r"^### ", RUNBOOK.split("## Lines of the log")[0], flags=re.MULTILINE)[1:]
    assert [part.splitlines()[0] for part in parts if not re.search(r"\*\*Do[,:*]", part)] == []


def test_every_line_of_the_log_that_the_runbook_names_is_written_somewhere() -> None:
    text = section(RUNBOOK, "Lines of the log that ask for a look")
    named = {name for row in table(text) for name in names(row[0])}
    named |= {"step", "alert_raised", "agora_endpoint_back", "leading", "unwatched"}
    sources = [path for path in ROOT.glob("*/*.py") if path.parent.name not in ("tests", "simulator")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert {name for name in named if not re.search(rf'"{name}["\s]', code)} == set()


def exposed() -> dict[str, set[str]]:
    """Each metric as it is called on the page, with its labels."""
    meter = PrometheusMeter()
    meter.show(lambda: Overview({"recording": 1}, 0, 0, 0, True, True, 30, 0, 10, 0, 0))
    meter.step("card", 0.1, "done")
    meter.agora_call("query", 0.1, "ok")
    meter.bucket_check(0.1, "ok")
    meter.alert("recording_failed", "lost", "delivered")
    meter.notification("40", "kept")
    return {
        f"{family.name}_total" if family.type == "counter" else family.name: {
            label for sample in family.samples for label in sample.labels
        }
        - {"le"}
        for family in text_string_to_metric_families(meter.text().decode())
        if not family.name.endswith("_created")
    }


def test_the_runbook_explains_every_metric_with_its_labels_and_no_other() -> None:
    rows = table(section(RUNBOOK, "Metrics"))
    assert {names(row[0])[0]: set(names(row[0])[1:]) for row in rows} == exposed()
    assert [row[0] for row in rows if len(row) != 4 or not all(row)] == []


def test_the_runbook_speaks_of_no_metric_that_there_is_not() -> None:
    assert set(re.findall(r"`(recorder_\w+)`", section(RUNBOOK, "Metrics"))) == exposed().keys()


def test_the_runbook_names_every_kind_of_work_that_is_counted() -> None:
    sources = [*(ROOT / "monitor").glob("*.py"), *(ROOT / "messages").glob("*.py")]
    work = {
        name
        for path in sources
        for name in re.findall(r'^    name: str = "(\w+)"', path.read_text("utf-8"), re.MULTILINE)
    }
    (row,) = [row for row in table(section(RUNBOOK, "Metrics")) if "`recorder_step_seconds`" in row[0]]
    assert work == set(names(row[1])) - {"work", "outcome", "done"}


# docs/architecture.md


def test_the_architecture_lists_every_move_of_a_recording_and_no_other() -> None:
    rows = table(section(ARCHITECTURE, "States"))
    shown = {State(state): {State(to) for to in names(row[1])} for row in rows for state in names(row[0])}
    assert shown == {state: set(moves) for state, moves in TRANSITIONS.items()}


def test_the_architecture_names_every_folder_and_no_other() -> None:
    shown = {names(row[0])[0] for row in table(section(ARCHITECTURE, "Folders"))}
    packages = {f"{path.parent.name}/" for path in ROOT.glob("*/__init__.py")}
    assert packages <= shown
    assert [folder for folder in shown if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:\w+/)+(?:\w+\.py)?|\w+\.py|\w+\.yml|\.env\.example)`", text))
    assert [name for name in named if not (ROOT / name).exists() and not (ROOT / "tests" / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.is_file(), target
        assert not anchor or anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    headlines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", headline.lower()).replace(" ", "-") for headline in headlines}
