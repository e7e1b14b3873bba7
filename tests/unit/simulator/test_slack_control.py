"""Driving the simulator over HTTP, and `python -m simulator`."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient

import settings
from simulator.slack import SlackOptions, SlackServer, SlackSimulator

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
BUTTON = {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}, "value": "r1"}
CARD = [{"type": "actions", "elements": [BUTTON]}]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(SlackSimulator(SlackOptions(rate_limits=False))) as server:
        server.simulator.seed()
        yield server


@pytest.fixture
def slack(server: SlackServer) -> SlackSimulator:
    return server.simulator


def ask(url: str, path: str, body: Json | None = None) -> tuple[int, Json]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=10)
    connection.request("GET" if body is None else "POST", f"{parts.path}/{path}", json.dumps(body or {}))
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


def result(server: SlackServer, path: str, body: Json | None = None) -> Any:
    status, answer = ask(server.control_url, path, body)
    assert status == 200, answer
    return answer["result"]


def post(slack: SlackSimulator, **more: Any) -> str:
    client = WebClient(token=slack.bot_token, base_url=slack.url)
    return str(client.chat_postMessage(channel=slack.workspace.channel("daily").id, text="card", **more)["ts"])


def test_the_workspace_is_shown_with_names(server: SlackServer) -> None:
    world = result(server, "world")

    members = {channel["name"]: channel["members"] for channel in world["channels"]}
    assert members["daily"] == ["Recorder", "ana", "ben"]
    assert members["design"] == ["ana", "ben"]
    assert {person["name"] for person in world["people"]} == {"Recorder", "ana", "ben", "gus"}


def test_a_command_is_typed_and_its_outcome_read(server: SlackServer) -> None:
    typed = result(server, "command", {"person": "ana", "channel": "daily", "text": "/record start daily"})

    assert (typed["acknowledged"], typed["error"]) == (False, "dispatch_failed")
    assert typed["deliveries"][0]["payload"]["text"] == "start daily"
    (again,) = result(server, f"interactions?id={typed['id']}")
    assert again["id"] == typed["id"]


def test_a_button_is_found_in_the_newest_message_that_has_it(server: SlackServer, slack: SlackSimulator) -> None:
    post(slack, blocks=CARD)
    ts = post(slack, blocks=CARD)
    post(slack)

    pressed = result(server, "press", {"person": "ben", "channel": "daily", "action_id": "stop"})

    assert pressed["deliveries"][0]["payload"]["message"]["ts"] == ts


def test_messages_are_awaited_and_listed(server: SlackServer, slack: SlackSimulator) -> None:
    post(slack, metadata={"event_type": "recording_card", "event_payload": {"state": "starting"}})
    result(server, "say", {"person": "ana", "channel": "daily", "text": "hello"})

    wanted = {"channel": "daily", "event_type": "recording_card", "payload": {"state": "starting"}, "timeout": 5}
    assert result(server, "wait", wanted)["text"] == "card"
    assert [message["text"] for message in result(server, "messages?channel=daily&person=ana")] == ["card", "hello"]


def test_a_wait_that_times_out_is_an_error(server: SlackServer) -> None:
    status, answer = ask(server.control_url, "wait", {"channel": "daily", "contains": "never", "timeout": 0.05})

    assert (status, answer["ok"]) == (400, False)
    assert "TimeoutError" in answer["error"]


def test_faults_are_set_seen_and_cleared(server: SlackServer, slack: SlackSimulator) -> None:
    result(server, "fault", {"method": "chat.postMessage", "drop": "before", "times": 1})
    with pytest.raises(ConnectionError):
        WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[]).chat_postMessage(channel="C", text="x")

    assert [fault["hits"] for fault in result(server, "faults")] == [1]
    assert [call["outcome"] for call in result(server, "calls?method=chat.postMessage")] == ["no answer"]
    result(server, "clear_faults", {})
    assert result(server, "faults") == []


def test_it_answers_while_slack_is_down(server: SlackServer, slack: SlackSimulator) -> None:
    result(server, "down", {})
    with pytest.raises(ConnectionRefusedError):
        ask(f"{slack.base_url}/_sim", "world")

    result(server, "up", {})
    assert ask(f"{slack.base_url}/_sim", "world")[0] == 200


def test_the_workspace_can_be_changed(server: SlackServer) -> None:
    result(server, "add_person", {"name": "eve", "guest": True, "channels": ["daily"]})
    result(server, "add_channel", {"name": "secret", "people": ["eve"], "private": True, "bot": False})
    result(server, "invite_bot", {"channel": "secret"})
    result(server, "archive", {"channel": "general"})
    limits = result(server, "limits", {"enabled": False, "scopes": ["chat:write"]})

    channels = {channel["name"]: channel for channel in result(server, "world")["channels"]}
    assert channels["secret"]["members"] == ["Recorder", "eve"]
    assert channels["general"]["archived"] is True
    assert limits == {"enabled": False, "scopes": ["chat:write"]}


def test_an_invalid_request_is_an_error(server: SlackServer) -> None:
    cases: list[tuple[str, Json | None, int]] = [
        ("nonsense", None, 404),
        ("command", {"person": "ana"}, 400),
        ("say", {"person": "nobody", "channel": "daily", "text": "x"}, 400),
        ("say", {"person": "gus", "channel": "daily", "text": "x"}, 400),
        ("press", {"person": "ana", "channel": "daily", "action_id": "none"}, 400),
    ]
    for path, body, status in cases:
        found, answer = ask(server.control_url, path, body)

        assert (found, answer["ok"]) == (status, False)
        assert answer["error"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_simulators_run_until_a_signal(how: signal.Signals) -> None:
    command = [sys.executable, "-m", "simulator"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = json.loads(process.stdout.readline())
            assert process.stderr.readline() == "Simulators are running; Ctrl-C ends them\n"
            assert ask(line["SLACK_CONTROL_URL"], "world")[0] == 200
            assert ask(line["AGORA_CONTROL_URL"], "people")[0] in (200, 400)
            process.send_signal(how)
            assert process.wait(10) == 0
        finally:
            process.kill()

    assert all(isinstance(value, str) for value in line.values())
    assert {"SLACK_API_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"} <= set(line)
    assert {"AGORA_API_URLS", "AGORA_APP_ID", "STORAGE_BUCKET"} <= set(line)
    assert "daily" in line["SLACK_CHANNELS"].split(",")


def test_the_same_values_are_lines_for_env_that_the_bot_accepts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator", "--env"]
    env_file = tmp_path / ".env"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            process.stderr.readline()  # All lines are there before this one.
            process.send_signal(signal.SIGTERM)
            env_file.write_text(process.stdout.read(), encoding="utf-8")
            assert process.wait(10) == 0
        finally:
            process.kill()

    config = settings.load({}, env_file)
    assert config.agora_api_urls[0].startswith("http://127.0.0.1:")
    assert settings.misspelled_names(env_file) == ()
    assert re.fullmatch(r"([A-Z_]+=[^\s\"'#$]+\n)+", env_file.read_text(encoding="utf-8"))


def test_help_lists_options_and_control_urls() -> None:
    command = [sys.executable, "-m", "simulator", "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert "--slack-port" in shown.stdout
    assert "SLACK_CONTROL_URL" in shown.stdout
