"""The documents agree with the program: settings, commands, routes, states, reasons, log events, metrics and files."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Response
from prometheus_client.parser import text_string_to_metric_families

import bot
import settings
from agora import vendors
from doctor.bucket import FOLDER as CHECK_FOLDER
from handlers import COMMANDS
from handlers.commands.parser import VERBS, Command, Verb
from messages import phases
from messages.alert_copy import ALERTS
from recordings.model.alerts import AlertKind
from recordings.model.audit import AuditAction, Source
from recordings.model.options import END_WORDS, OPTION_WORDS
from recordings.model.reason import Reason
from recordings.model.recording import TRANSITIONS, State
from simulator.__main__ import main as simulate
from web.app import web_app
from web.metrics import Overview, PrometheusMeter

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
README, RUNBOOK, ARCHITECTURE = TEXTS["README.md"], TEXTS["runbook.md"], TEXTS["architecture.md"]
SETUP, COMMANDS_PAGE = TEXTS["setup.md"], TEXTS["commands.md"]
OPERATIONS, SECURITY = TEXTS["operations.md"], TEXTS["security.md"]
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
NOT_THE_BOT = {"tests", "simulator"}
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
    """The text under a heading of the second level, up to the next one."""
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert match, title
    return match[1]


def table(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without their headers."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for before, row in zip([[], *rows], rows, strict=False) if before and not row[0].startswith("--")]


def names(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def files_in(text: str) -> set[str]:
    """The files and folders that a text names, relative to the root."""
    return set(re.findall(r"`((?:[\w-]+/)+(?:\w+\.\w+)?|\w+\.py|\w+\.yml|\.env\.example)`", text))


def missing_files(text: str) -> list[str]:
    in_the_bucket = {f"{CHECK_FOLDER}/", "SLACK-CHANNEL-ID/YYYYMMDD/"}
    return sorted(name for name in files_in(text) - in_the_bucket if not (ROOT / name).exists())


def prose(page: str) -> str:
    """A page without its blocks of code, which show output and commands."""
    return re.sub(r"^ *```.*?^ *```", "", page, flags=re.MULTILINE | re.DOTALL)


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def code_lines(text: str) -> list[str]:
    """The lines of the blocks of code, without comments and indentation."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r" {2,}#.*", "", line).strip() for block in blocks for line in block.splitlines()]


def typed(text: str, pattern: str) -> set[str]:
    """What a reader may type: the part of a line of code, or of a text between backticks, that matches."""
    found = {match[0] for piece in [*code_lines(text), *names(prose(text))] for match in re.finditer(pattern, piece)}
    return {" ".join(re.sub(r"[\[\]|]", " ", piece).split()) for piece in found}


# README


def test_the_readme_is_an_overview() -> None:
    assert len(README.splitlines()) <= 150
    assert {"make demo", "make test", "make check", "make run"} <= set(code_lines(README))


def test_the_readme_links_to_every_page_for_people_who_use_or_run_the_bot() -> None:
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)", README))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")}


def test_every_make_target_in_the_docs_exists() -> None:
    targets = {name for line in re.findall(r"^([a-z ]+):", MAKEFILE, re.MULTILINE) for name in line.split()}
    named = set(re.findall(r"(?:^ *|`)make ([a-z]+)", "\n".join(TEXTS.values()), re.MULTILINE))
    assert {"demo", "test", "quick", "check", "run", "live"} <= named
    assert named - targets == set()


def help_of(main: Callable[[list[str]], object], *arguments: str) -> str:
    """What a program prints for `--help`. Fails if it does not know the arguments before it."""
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
        assert main([*arguments, "--help"]) in (0, None), arguments
    assert shown.getvalue(), arguments
    return shown.getvalue()


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_every_command_line_in_the_docs_exists(page: str) -> None:
    for line in typed(TEXTS[page], r"\bbot\.py( [^`\"]+)?"):
        words = line.split()[1:]
        commands = [word for word in words[:1] if not word.startswith("-")]
        shown = help_of(bot.main, *commands)
        assert [word for word in words if word.startswith("--") and word not in shown] == [], line
    for line in typed(TEXTS[page], r"-m simulator( -[^`]+)?"):
        shown = help_of(simulate)
        assert [word for word in line.split() if word.startswith("--") and word not in shown] == [], line


@pytest.mark.parametrize("page", sorted(TEXTS.keys() - {"CHANGELOG.md"}))
def test_every_slack_command_in_the_docs_is_understood(page: str) -> None:
    for line in typed(re.sub(r"\[[^\]`]*\]", "", TEXTS[page]), r"^/record\b.*"):
        parsed = Command.parse(line.removeprefix("/record"))
        assert parsed.problem is None, line
        assert parsed.verb is not Verb.UNKNOWN, line


NOT_SETTINGS = re.compile(r"POSTGRES_PASSWORD|RECORDER_IMAGE|CHANNEL_PROFILE_\w+|NO_COLOR")
"""Names of the same shape: of Compose, of Agora's SDK, of terminals."""


@pytest.mark.parametrize("page", sorted(TEXTS.keys() - {"decisions.md", "architecture.md"}))
def test_every_setting_that_a_page_names_exists(page: str) -> None:
    named = {name for text in names(TEXTS[page]) for name in re.findall(r"^([A-Z]+_[A-Z_]*[A-Z])(?==|$)", text)}
    known = {name for both in settings.names().values() for name in both}
    assert {name for name in named - known if not NOT_SETTINGS.fullmatch(name)} == set()


# docs/settings.md


def settings_rows() -> dict[tuple[str, ...], list[str]]:
    rows = [row for row in table(TEXTS["settings.md"]) if re.match(r"`[A-Z]", row[0])]
    return {tuple(names(row[0])): row for row in rows}


def test_the_page_of_settings_has_every_setting_with_both_names_and_no_other() -> None:
    assert settings_rows().keys() == set(settings.names().values())


# docs/setup.md


def test_the_setup_has_gives_the_nine_required_values() -> None:
    given = {name for row in table(SETUP.split("## 1. ")[0]) for name in names(row[1])}
    assert given == set(REQUIRED)


def json_blocks(page: str) -> list[Any]:
    return [json.loads(block) for block in re.findall(r"^ *```json\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)]


def test_the_policies_allow_what_agora_and_the_bot_do_and_deletion_in_the_folder_of_the_check_alone() -> None:
    writer, reader = (
        {
            (action, statement["Resource"].removeprefix("arn:aws:s3:::"))
            for statement in policy["Statement"]
            for action in as_list(statement["Action"])
        }
        for policy in json_blocks(SETUP)
    )
    reading = {("s3:GetObject", "YOUR-BUCKET/*"), ("s3:ListBucket", "YOUR-BUCKET")}
    deleting = ("s3:DeleteObject", f"YOUR-BUCKET/{CHECK_FOLDER}/*")
    assert writer == reading | {("s3:PutObject", "YOUR-BUCKET/*"), deleting}
    assert reader == reading


def as_list(action: str | list[str]) -> list[str]:
    return [action] if isinstance(action, str) else action


# docs/commands.md


def test_the_page_of_commands_has_every_command_and_no_other() -> None:
    shown = {tuple(names(row[0])[0].split()[:2]) for row in table(section(COMMANDS_PAGE, "Commands"))}
    assert shown == {(command, verb) for command in COMMANDS for verb in VERBS} | {(command,) for command in COMMANDS}


def test_the_page_of_commands_has_every_option_word() -> None:
    shown = {name for row in table(section(COMMANDS_PAGE, "The form and its words")) for name in names(row[1])}
    assert {name.split()[0] for name in shown} == {*OPTION_WORDS, *END_WORDS}


def test_the_page_of_commands_names_every_kind_of_message() -> None:
    kinds = {str(kind) for kind in AlertKind} | {"recording_card"}
    assert kinds <= set(re.findall(r"`(recording_\w+)`", section(COMMANDS_PAGE, "Alerts and the thread")))


def test_the_page_of_commands_shows_each_emoji_of_the_card() -> None:
    shown = {row[0] for row in table(section(COMMANDS_PAGE, "The card"))}
    assert {headline.emoji for headline in phases.HEADLINES.values()} <= shown


def test_the_page_of_commands_has_every_title_of_the_card() -> None:
    shown = section(COMMANDS_PAGE, "The card")
    titles = {
        headline.title.replace("…{when}", "…").replace("{call}", "daily").replace("{when}", "9:01 PM")
        for headline in phases.HEADLINES.values()
    }
    assert [title for title in titles if title not in shown] == []


# docs/operations.md, docs/security.md, docs/files.md, docs/faq.md


def test_the_operations_name_every_http_route_and_no_other() -> None:
    assert {names(row[0])[0] for row in table(section(OPERATIONS, "HTTP"))} == SERVED


def test_the_page_about_security_explains_every_scope_of_the_app() -> None:
    shown = {names(row[0])[0] for row in table(section(SECURITY, "Slack scopes"))}
    assert shown == set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_the_operations_list_every_audit_action_and_source() -> None:
    rows = {names(row[0])[0]: set(names(row[1])) for row in table(section(OPERATIONS, "Who did what"))}
    assert rows["what"] == {str(action) for action in AuditAction}
    assert rows["source"] == {str(source) for source in Source}


def test_the_page_about_files_names_every_storage_vendor() -> None:
    shown = {name for row in table(section(TEXTS["files.md"], "Storage vendors")) for name in names(row[0])}
    assert shown == {vendors.vendor_name(number) for number in range(20) if known_vendor(number)}


def known_vendor(number: int) -> bool:
    with contextlib.suppress(ValueError):
        return bool(vendors.vendor_name(number))
    return False


def test_the_lifecycle_rules_expire_recordings_and_what_a_check_left_behind() -> None:
    (rules,) = json_blocks(TEXTS["files.md"])
    assert [rule["Filter"]["Prefix"] for rule in rules["Rules"]] == ["", f"{CHECK_FOLDER}/"]


def test_the_rules_that_page_somebody_use_metrics_that_exist() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", TEXTS["faq.md"], re.MULTILINE | re.DOTALL)
    rules = yaml.safe_load(block)["groups"][0]["rules"]
    used = {name for rule in rules for name in re.findall(r"recorder_\w+", rule["expr"])}
    assert {name.removesuffix("_count") for name in used} <= exposed().keys()
    labels = {name for rule in rules for name in re.findall(r"(\w+)=\"", rule["expr"])}
    assert labels <= set().union(*exposed().values())


# docs/runbook.md


@cache
def raised() -> set[Reason]:
    """The reasons that the rules give: named inside a function, not only in a list at the top of a module."""
    functions = [
        node
        for path in sources("recordings/lifecycle")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    return {Reason[name] for function in functions for name in _reasons_in(function)}


def _reasons_in(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason":
            yield node.attr


def test_every_raised_reason_has_a_text() -> None:
    assert raised() == {reason for _, reason in ALERTS if reason is not None}


def logged() -> set[str]:
    """Every text in the code of the bot that may be the name of a log event."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_THE_BOT
    code = [path.read_text(encoding="utf-8") for path in [*sources(*packages), *ROOT.glob("*.py")]]
    return {name for text in code for name in re.findall(r'"([a-z_]+)["\s]', text)}


def test_every_log_event_in_the_runbook_exists() -> None:
    events = {name for row in table(section(RUNBOOK, "Log events that need attention")) for name in names(row[0])}
    events |= {"step", "alert_raised", "agora_endpoint_back", "leading", "unwatched"}
    assert events - logged() == set()


def test_every_log_event_in_the_operations_exists() -> None:
    events = {name for row in table(section(OPERATIONS, "Logs and metrics")) for name in names(row[0])}
    assert {"starting", "ready"} <= events
    assert events - logged() == set()


def test_every_new_log_event_in_the_changelog_exists() -> None:
    rows = table(TEXTS["CHANGELOG.md"])
    events = {name for row in rows for name in names(row[1].partition(" with ")[0]) if "_" in name}
    assert events - logged() == set()


def exposed() -> dict[str, set[str]]:
    """The labels of each metric, by its name on the page."""
    meter = PrometheusMeter()
    meter.add_gauges(lambda: Overview({"recording": 1}, 0, 0, 0, True, True, 30, 0, 10, 0, 0))
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


def test_the_runbook_names_no_metric_that_does_not_exist() -> None:
    assert set(re.findall(r"`(recorder_\w+)`", section(RUNBOOK, "Metrics"))) == exposed().keys()


def test_the_runbook_names_every_kind_of_work_in_the_metrics() -> None:
    work = {
        name
        for path in sources("engine", "messages/delivery")
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


def test_the_architecture_names_every_level_of_tests_and_no_other() -> None:
    shown = {names(row[0])[0] for row in table(section(ARCHITECTURE, "Tests"))}
    others = {"fakes", "bench", "__pycache__"}
    levels = {f"tests/{path.name}/" for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name not in others}
    assert shown == levels


def test_the_glossary_is_short_and_each_term_has_a_meaning_and_a_file() -> None:
    rows = table(section(ARCHITECTURE, "Glossary"))
    assert 15 <= len(rows) <= 25
    assert [row[0] for row in rows if len(row) != 4 or not row[1] or not files_in(row[2])] == []
    assert missing_files(section(ARCHITECTURE, "Glossary")) == []


def test_the_glossary_names_stored_things_that_exist() -> None:
    tables = (ROOT / "storage" / "tables.py").read_text(encoding="utf-8")
    rows_module = (ROOT / "storage" / "rows.py").read_text(encoding="utf-8")
    stored = {
        part for row in table(section(ARCHITECTURE, "Glossary")) for name in names(row[3]) for part in name.split(".")
    }
    assert {name for name in stored if f'"{name}"' not in tables + rows_module} == set()


def test_the_reading_list_is_about_a_dozen_files_in_order() -> None:
    items = re.findall(r"^(\d+)\. `([^`]+)`: ", section(ARCHITECTURE, "Reading list"), re.MULTILINE)
    assert [int(number) for number, _ in items] == list(range(1, len(items) + 1))
    assert 10 <= len(items) <= 14
    assert [path for _, path in items if not (ROOT / path).is_file()] == []


# docs/decisions.md


def test_every_decision_has_a_date_a_reason_and_a_rejected_alternative() -> None:
    decisions = re.split(r"^### ", TEXTS["decisions.md"], flags=re.MULTILINE)[1:]
    parts = (r"^- \*\*\d{4}-\d\d-\d\d[^*]*\*\* \S", r"^- \*\*Why:\*\* \S", r"^- \*\*Rejected:\*\* \S")
    incomplete = {
        decision.splitlines()[0]
        for decision in decisions
        if not all(re.search(part, decision, re.MULTILINE) for part in parts)
    }
    assert decisions
    assert incomplete == set()


# Every page


@pytest.mark.parametrize("page", sorted(TEXTS.keys() - {"CHANGELOG.md"}))
def test_every_file_that_a_page_names_exists(page: str) -> None:
    assert missing_files(TEXTS[page]) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", prose(TEXTS[page.name]))
    assert [
        target for target in targets if not target.startswith("https://") and not leads_somewhere(page, target)
    ] == []


def leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    linked = (page.parent / path).resolve() if path else page
    return linked.is_file() and (not anchor or anchor in anchors(linked))


def anchors(page: Path) -> set[str]:
    """Those that GitHub makes of headings, numbered if a heading repeats, and those that the page sets itself."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    seen = Counter[str]()
    numbered = []
    for slug in slugs:
        numbered.append(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return {*numbered, *re.findall(r'<a (?:id|name)="([^"]+)"', text)}


HOME_MADE = re.compile(
    r"\b(whoever|is told|told as|so long|for so|need be|puts? (the end )?off|comes? up|no more|record(ed)? on|heed(ed)?"
    r"|wish(es)?|acts|troubles?|just now|shall|this bot|ask(ed|s)? for by|set up this bot|nobody watched)\b",
    re.IGNORECASE,
)
"""Phrases of earlier versions. The glossary and CONTRIBUTING.md have the terms that replace them."""


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_pages_use_plain_terms(page: str) -> None:
    assert [match[0] for match in HOME_MADE.finditer(without_quotes(TEXTS[page]))] == []


def without_quotes(page: str) -> str:
    """The prose of a page, without names and without what the program says."""
    return re.sub(r'"[^"]{1,200}"|`[^`]*`', "", prose(page))
