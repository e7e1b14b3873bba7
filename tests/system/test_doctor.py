"""`bot.py check` as a command, and `/record doctor` in a bot that runs. The checks: test_doctor_checks.py."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from contextlib import ExitStack, closing
from typing import Any

import pytest

from simulator.slack import Interaction
from tests.fakes.http_server import accepting_only
from tests.system import prefork
from tests.system.conftest import Stack, words
from tests.system.installation import SECRET, Lines, assert_no_secret, s3, storage, whole
from tests.system.real_bucket import RealBucket

__all__ = ["s3", "storage", "whole"]


def run(stack: Stack, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`bot.py check`; an empty setting is none."""
    return prefork.server().run(["check", *arguments], stack.bot.environment | settings, stack.bot.folder)


def checked(stack: Stack, *, code: int, **settings: str) -> Lines:
    """Each line: whether it is right, and what it says."""
    ended = run(stack, **settings)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    given = stack.bot.environment | settings
    assert_no_secret(given, ended.stdout + ended.stderr)
    assert "***" not in ended.stdout, "ordinary words are redacted"
    *lines, summary = ended.stdout.splitlines()
    words = [line[:4].strip() for line in lines]
    assert words == sorted(words, key=["FAIL", "note", "skip", "ok"].index)
    assert ("All 18 checks passed" in summary) is (code == 0)
    mark = {"note": "note: ", "skip": "skip: "}
    return {
        line[6:23].strip().lower(): (word != "FAIL", mark.get(word, "") + line[24:])
        for word, line in zip(words, lines, strict=True)
    }


def check_one_fault(stack: Stack, line: str, *named: str, **settings: str) -> str:
    """Exactly this line is wrong, and it names these settings; what it says."""
    found = checked(stack, code=1, **settings)
    assert [what for what, (ok, _) in found.items() if not ok] == [line]
    said = found[line][1]
    assert all(name in said for name in named), said
    return said


# `bot.py check`


def test_a_correct_installation_passes_and_the_checks_leave_nothing_behind(whole: Stack, storage: RealBucket) -> None:
    by_check = checked(whole, code=0)

    assert all(ok for ok, _ in by_check.values())
    assert [check for check, (_, detail) in by_check.items() if detail.startswith(("note: ", "skip: "))] == [
        "agora webhook",
        "still to prove",
    ]
    host = storage.settings["STORAGE_ENDPOINT"].removeprefix("http://")
    sent = f"Agora is sent bucket {storage.name}, vendor 11 (s3), region 0, endpoint {host}"
    assert by_check["storage"] == (True, sent)
    assert whole.slack.messages("daily") == []
    assert whole.agora.recorders() == []
    assert storage.keys == []


def test_a_wrong_setting_exits_with_1_and_a_missing_one_with_2(whole: Stack) -> None:
    check_one_fault(whole, "bucket write", "STORAGE_SECRET_KEY", STORAGE_SECRET_KEY="wrong-storage-secret")
    ended = run(whole, STORAGE_BUCKET="")
    assert (ended.returncode, ended.stdout) == (2, "")
    line, next_step = ended.stderr.splitlines()
    assert line.startswith("STORAGE_BUCKET or BUCKET_NAME is missing. It should hold ")
    assert next_step.startswith("Copy .env.example to .env")


def test_the_checks_as_json_and_nothing_else(whole: Stack) -> None:
    whole.slack.down()
    ended = run(whole, "--json", AGORA_APP_CERTIFICATE="abc")

    listed = {item["check"]: item for item in json.loads(ended.stdout)}
    assert (ended.returncode, ended.stderr) == (1, ""), "no log lines in between"
    assert len(listed) == 18
    assert all(list(item) == ["check", "status", "detail", "setting"] for item in listed.values())
    failed = {name: item["setting"] for name, item in listed.items() if item["status"] == "fail"}
    assert failed == {"slack_bot_token": "SLACK_API_URL", "agora_token": "AGORA_APP_CERTIFICATE"}
    assert listed["slack_scopes"]["status"] == "skip"


def test_a_misspelled_name_in_env_is_a_note_of_the_check_and_a_warning_of_the_bot(whole: Stack) -> None:
    (whole.bot.folder / ".env").write_text("QUERRY_INTERVAL_SECONDS=5\n", encoding="utf-8")
    said = "QUERRY_INTERVAL_SECONDS in .env is not a setting. Did you mean QUERY_INTERVAL_SECONDS?"

    assert checked(whole, code=0)["settings"] == (True, f"note: {said}")
    whole.start()
    whole.slack.wait_for(lambda: said in whole.bot.log, what="the warning")
    assert said in report_of(whole, whole.command("doctor"))


# Notifications


def test_a_running_bot_accepts_the_test_notification_at_its_public_url(whole: Stack, port: int) -> None:
    reachable = {"AGORA_WEBHOOK_SECRET": "webhook-secret", "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    said = check_one_fault(whole, "agora webhook", "PUBLIC_URL", "Check that the bot runs", **reachable)
    assert "no connection" in said
    whole.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET="webhook-secret")

    assert checked(whole, code=0, **reachable)["agora webhook"] == (
        True,
        f"the bot accepted a test notification at http://127.0.0.1:{port}",
    )
    assert whole.bot.rows("SELECT id FROM notices") == [], "it has no effect"
    other = reachable | {"AGORA_WEBHOOK_SECRET": "another-secret"}
    assert "another AGORA_WEBHOOK_SECRET" in check_one_fault(whole, "agora webhook", **other)


def test_a_running_bot_without_a_secret_accepts_no_notification(whole: Stack, port: int) -> None:
    whole.start(HTTP_PORT=str(port))
    reachable = {"AGORA_WEBHOOK_SECRET": "webhook-secret", "PUBLIC_URL": f"http://127.0.0.1:{port}"}

    check_one_fault(whole, "agora webhook", "Nothing serves /agora/webhook", **reachable)


# Time


@pytest.mark.usefixtures("on_sqlite")
def test_the_checks_end_although_everything_hangs(whole: Stack) -> None:
    checked(whole, code=0)
    whole.slack.faults.add("*", hang=True)
    whole.agora.fault(hang="answer", times=None)
    with ExitStack() as stack:
        silent = stack.enter_context(accepting_only())
        held = stack.enter_context(closing(sqlite3.connect(whole.bot.database, isolation_level=None)))
        held.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        found = checked(whole, code=1, STORAGE_ENDPOINT=f"http://{silent}")

    assert time.monotonic() - begun < 20
    faults = [what for what, (ok, _) in found.items() if not ok]
    assert sorted(faults) == ["agora credentials", "bucket write", "database", "slack bot token"]
    assert len(found) == 18


# /record doctor


def report_of(stack: Stack, asked: Interaction) -> str:
    """What came over the response_url."""
    stack.slack.wait_for(lambda: asked.responses, timeout=25, what="what was found")
    assert words(asked)
    return asked.responses[-1].said


def test_an_admin_reads_in_slack_what_is_right_and_later_what_broke(whole: Stack, storage: RealBucket) -> None:
    whole.start()

    asked = whole.command("doctor")

    assert asked.reply is not None
    assert asked.reply.said == "Checking the setup. This takes a few seconds."
    report = report_of(whole, asked)
    assert report.startswith("*✅ All 19 checks passed*"), report
    assert "✅ *Bucket delete* it is removed" in report
    assert "✅ *Posting here* I'm in this channel" in report
    assert not [name for name in SECRET if whole.bot.environment[name] in report]
    assert whole.slack.calls_of("chat.postMessage") == whole.slack.calls_of("chat.postEphemeral") == []
    assert storage.keys == []

    whole.agora.fault("acquire", answer="no_active_status", times=None)
    report = report_of(whole, whole.command("doctor"))
    assert report.startswith("*❌ 1 of 19 checks failed*"), report
    assert "❌ *Cloud recording* HTTP 400, code 405" in report
    assert report.count("❌ *") == 1
    lines: list[dict[str, Any]] = [json.loads(line) for line in whole.bot.log.splitlines() if '"doctor"' in line]
    logged = [line for line in lines if line.get("event") == "doctor"]
    assert [line["wrong"] for line in logged] == [[], ["cloud recording"]]
    assert {line["user"] for line in logged} == {whole.slack.person("ana").id}


def test_the_command_is_acknowledged_although_agora_hangs_and_other_commands_are_answered(whole: Stack) -> None:
    whole.start()
    whole.agora.fault("users", hang="answer", times=None)

    asked = whole.command("doctor")
    other = whole.command("status", by="ben")

    for interaction in (asked, other):
        assert interaction.latency is not None
        assert interaction.latency < 3
    assert "❌ *Agora credentials*" in report_of(whole, asked)
