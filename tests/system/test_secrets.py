"""No secret leaves the process but to whom it belongs: not in a log line at DEBUG, not on disk, not in a message."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from tests.system.conftest import ROOT, Bot, Stack

ENCRYPTED = {
    "AGORA_ENCRYPTION_MODE": "7",
    "AGORA_ENCRYPTION_SECRET": "encryption-secret-7f6e5d4c",
    "AGORA_ENCRYPTION_SALT": base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
    "AGORA_WEBHOOK_SECRET": "webhook-secret-1a2b3c4d",
}
SECRET = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "AGORA_APP_CERTIFICATE",
    "AGORA_CUSTOMER_ID",
    "AGORA_CUSTOMER_SECRET",
    "STORAGE_ACCESS_KEY",
    "STORAGE_SECRET_KEY",
    "AGORA_ENCRYPTION_SECRET",
    "AGORA_ENCRYPTION_SALT",
    "AGORA_WEBHOOK_SECRET",
)


SENT = ("AGORA_CUSTOMER", "STORAGE", "AGORA_ENCRYPTION")
"""What a request to Agora carries, so that its answer may repeat it."""


def secrets_of(stack: Stack) -> Iterator[str]:
    settings = stack.bot.environment | ENCRYPTED
    yield from (settings[name] for name in SECRET)
    basic = f"{settings['AGORA_CUSTOMER_ID']}:{settings['AGORA_CUSTOMER_SECRET']}"
    yield base64.b64encode(basic.encode()).decode()
    for seen in stack.agora.requests("start"):
        assert isinstance(seen.body, dict)
        token = str(seen.body["clientRequest"]["token"])
        assert token.startswith("006")
        yield token
        yield token[35:]


def written(stack: Stack) -> Iterator[tuple[str, bytes]]:
    for path in stack.bot.folder.iterdir():
        yield path.name, path.read_bytes()
    for channel in stack.slack.workspace.channels.values():
        for message in channel.messages:
            yield f"message in {channel.name}", json.dumps(message.as_json(), default=str).encode()
    for call in stack.slack.calls:
        yield call.method, json.dumps(call.arguments, default=str).encode()


def clean(stack: Stack) -> None:
    hooks = [interaction.response_url.rsplit("/", 1)[1] for interaction in stack.slack.interactions]
    kept = list(written(stack))
    assert {"recordings.db", "recordings.db-wal"} <= {name for name, _ in kept}
    for secret in set(secrets_of(stack)):
        for where, content in kept:
            assert secret.encode() not in content, where
    for hook in hooks:
        assert hook not in stack.bot.log
    assert re.search(r"(Basic|Bearer) (?!\*\*\*)", stack.bot.log) is None


@pytest.mark.usefixtures("on_sqlite")
def test_a_whole_recording_with_every_failure_on_the_way_leaves_no_secret_anywhere(stack: Stack) -> None:
    stack.start(**ENCRYPTED)
    secret = stack.bot.environment["STORAGE_SECRET_KEY"]
    stack.agora.fault("acquire", status=500, body={"code": 500, "reason": f"cannot use {secret}"})
    stack.agora.fault("start", answer="not_completed")
    stack.agora.fault("start", lost="answer")
    stack.agora.fault("query", answer="proxy_502", skip=2)
    stack.agora.join("daily", 1001)
    stack.command("start daily")
    stack.command('start "daily" now')
    stack.wait_card("recording")
    stack.command("start other", channel="design")
    stack.agora.kill("daily")
    stack.wait_alert("recording_warning", "lost")
    clean(stack)


@pytest.mark.usefixtures("on_sqlite")
def test_what_agora_says_of_a_secret_is_told_to_nobody(stack: Stack) -> None:
    stack.start(**ENCRYPTED)
    keys = [(stack.bot.environment | ENCRYPTED)[name] for name in SECRET if name.startswith(SENT)]
    for number, key in enumerate(keys):
        stack.room(f"room{number}")
        body = {"code": 2, "reason": f"the value {key} is wrong"}
        stack.agora.fault("start", status=400, body=body, channel=f"call{number}", times=None)
        stack.command(f"start call{number}", channel=f"room{number}")
    for number in range(len(keys)):
        stack.wait_alert("recording_failed", "rejected", channel=f"room{number}")
    clean(stack)


@pytest.mark.usefixtures("on_sqlite")
def test_a_crash_and_a_restart_leave_no_secret_either(stack: Stack) -> None:
    stack.start(**ENCRYPTED)
    stack.agora.fault("start", delay_after=5)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.in_flight("start"))
    stack.bot.kill()
    stack.restart(**ENCRYPTED, START_TIMEOUT_SECONDS="60")
    stack.wait_card("recording", timeout=30)
    assert stack.bot.process is not None
    stack.bot.process.send_signal(signal.SIGABRT)
    stack.bot.process.wait()
    clean(stack)


# Before it runs


def run(bot: Bot, *arguments: str, without: Sequence[str] = (), **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in (bot.environment | settings).items() if name not in without}
    return subprocess.run(
        [sys.executable, os.fspath(ROOT / "bot.py"), *arguments],
        env=environment,
        cwd=bot.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


REQUIRED = (
    "SLACK_BOT_TOKEN",
    "AGORA_APP_ID",
    "AGORA_CUSTOMER_ID",
    "AGORA_CUSTOMER_SECRET",
    "STORAGE_REGION",
    "STORAGE_BUCKET",
    "STORAGE_ACCESS_KEY",
    "STORAGE_SECRET_KEY",
)


def test_each_missing_setting_is_a_line_of_its_own_and_exit_2(stack: Stack) -> None:
    ended = run(stack.bot, without=(*REQUIRED, "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "STORAGE_VENDOR"))
    assert ended.returncode == 2
    lines = ended.stderr.splitlines()
    assert len(lines) == len(REQUIRED) + 1
    for name in (*REQUIRED, "SLACK_APP_TOKEN"):
        assert len([line for line in lines if line.startswith(name)]) == 1
    assert "Traceback" not in ended.stderr + ended.stdout


UNREADABLE = {
    "SLACK_BOT_TOKEN": "secret-in-the-wrong-place",
    "AGORA_API_URLS": "ftp://x",
    "DATABASE_URL": "mysql://u:secret-in-the-wrong-place@h/d",
    "QUERY_INTERVAL_SECONDS": "often",
    "RETRY_BACKOFF_SECONDS": "1,x",
    "HTTP_PORT": "70000",
    "LOG_LEVEL": "LOUD",
}


def test_each_unreadable_setting_is_one_line_without_its_value_and_exit_2(stack: Stack) -> None:
    unknown_to_agora = {"STORAGE_VENDOR": "floppy"}
    for wrong in (UNREADABLE, unknown_to_agora):
        ended = run(stack.bot, **wrong)
        assert ended.returncode == 2
        assert [line.split()[0] for line in ended.stderr.splitlines()] == list(wrong)
        assert "secret-in-the-wrong-place" not in ended.stderr + ended.stdout
