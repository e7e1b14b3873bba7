"""No secret reaches a log line (even at DEBUG), the disk or a message."""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence

import pytest

from tests.system import prefork
from tests.system.conftest import Bot, Stack

ENCRYPTED = {
    "AGORA_ENCRYPTION_MODE": "7",
    "AGORA_ENCRYPTION_SECRET": "encryption-secret-7f6e5d4c",
    "AGORA_ENCRYPTION_SALT": base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
    "AGORA_WEBHOOK_SECRET": "webhook-secret-1a2b3c4d",
}
SECRETS = (
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


SENT_TO_AGORA = ("AGORA_CUSTOMER", "STORAGE", "AGORA_ENCRYPTION")
"""Prefixes of the settings that requests to Agora carry, so a response may repeat them."""


def secrets_of(stack: Stack) -> Iterator[str]:
    settings = stack.bot.environment | ENCRYPTED
    yield from (settings[name] for name in SECRETS)
    basic = f"{settings['AGORA_CUSTOMER_ID']}:{settings['AGORA_CUSTOMER_SECRET']}"
    yield base64.b64encode(basic.encode()).decode()
    for request in stack.agora.requests("start"):
        assert isinstance(request.body, dict)
        token = str(request.body["clientRequest"]["token"])
        assert token.startswith("006")
        yield token
        yield token[35:]


def outputs(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Every file, message and call of the Web API, with a name for each."""
    for path in stack.bot.folder.iterdir():
        yield path.name, path.read_bytes()
    for channel in stack.slack.workspace.channels.values():
        for message in channel.messages:
            yield f"message in {channel.name}", json.dumps(message.as_json(), default=str).encode()
    for call in stack.slack.calls:
        yield call.method, json.dumps(call.arguments, default=str).encode()


def check_no_secret_in_outputs(stack: Stack) -> None:
    hooks = [interaction.response_url.rsplit("/", 1)[1] for interaction in stack.slack.interactions]
    contents = list(outputs(stack))
    assert {"recordings.db", "recordings.db-wal"} <= {name for name, _ in contents}
    for secret in set(secrets_of(stack)):
        for where, content in contents:
            assert secret.encode() not in content, where
    for hook in hooks:
        assert hook not in stack.bot.log
    assert re.search(r"(Basic|Bearer) (?!\*\*\*)", stack.bot.log) is None


@pytest.mark.usefixtures("on_sqlite")
def test_a_recording_with_many_failures_reveals_no_secret(stack: Stack) -> None:
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
    check_no_secret_in_outputs(stack)


@pytest.mark.usefixtures("on_sqlite")
def test_a_secret_in_a_response_of_agora_is_not_revealed(stack: Stack) -> None:
    stack.start(**ENCRYPTED)
    keys = [(stack.bot.environment | ENCRYPTED)[name] for name in SECRETS if name.startswith(SENT_TO_AGORA)]
    for number, key in enumerate(keys):
        stack.room(f"room{number}")
        body = {"code": 2, "reason": f"the value {key} is wrong"}
        stack.agora.fault("start", status=400, body=body, channel=f"call{number}", times=None)
        stack.command(f"start call{number}", channel=f"room{number}")
    for number in range(len(keys)):
        stack.wait_alert("recording_failed", "rejected", channel=f"room{number}")
    check_no_secret_in_outputs(stack)


@pytest.mark.usefixtures("on_sqlite")
def test_a_crash_and_a_restart_reveal_no_secret(stack: Stack) -> None:
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
    check_no_secret_in_outputs(stack)


# Invalid settings


def run(bot: Bot, *arguments: str, without: Sequence[str] = (), **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in (bot.environment | settings).items() if name not in without}
    return prefork.server().run(arguments, environment, bot.folder)


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


def test_each_missing_setting_is_one_line_and_the_exit_code_is_2(stack: Stack) -> None:
    result = run(stack.bot, without=(*REQUIRED, "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "STORAGE_VENDOR"))
    assert result.returncode == 2
    *lines, next_step = result.stderr.splitlines()
    assert len(lines) == len(REQUIRED) + 1
    assert next_step.startswith("Copy .env.example to .env")
    for name in (*REQUIRED, "SLACK_APP_TOKEN"):
        assert len([line for line in lines if line.startswith(name)]) == 1
    assert "Traceback" not in result.stderr + result.stdout


INVALID = {
    "SLACK_BOT_TOKEN": "secret-in-the-wrong-place",
    "AGORA_API_URLS": "ftp://x",
    "DATABASE_URL": "mysql://u:secret-in-the-wrong-place@h/d",
    "QUERY_INTERVAL_SECONDS": "often",
    "RETRY_BACKOFF_SECONDS": "1,x",
    "HTTP_PORT": "70000",
    "LOG_LEVEL": "LOUD",
}


def test_each_invalid_setting_is_one_line_without_secrets_and_the_exit_code_is_2(stack: Stack) -> None:
    unknown_to_agora = {"STORAGE_VENDOR": "floppy"}
    for invalid in (INVALID, unknown_to_agora):
        result = run(stack.bot, **invalid)
        assert result.returncode == 2
        *lines, next_step = result.stderr.splitlines()
        assert [line.split()[0] for line in lines] == list(invalid)
        assert next_step.startswith("Correct them in .env")
        assert "secret-in-the-wrong-place" not in result.stderr + result.stdout
