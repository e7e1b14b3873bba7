"""The same payloads as signed HTTP requests, and an unmodified slack-bolt app behind Flask that takes them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, request
from slack_bolt import Ack, App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_sdk import WebClient
from werkzeug.serving import make_server

from simulator.slack import Person, SlackOptions, SlackServer, SlackSimulator

Json = dict[str, Any]
BUTTON = {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}, "value": "r1"}
CARD = [{"type": "actions", "elements": [BUTTON]}]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(SlackSimulator(SlackOptions(rate_limits=False, event_retry_seconds=(0, 0, 0)))) as server:
        yield server


@pytest.fixture
def slack(server: SlackServer) -> SlackSimulator:
    return server.simulator


@pytest.fixture
def ana(slack: SlackSimulator) -> Person:
    ana = slack.add_person("ana")
    slack.add_channel("daily", [ana])
    return ana


@pytest.fixture
def got(server: SlackServer, slack: SlackSimulator) -> Iterator[list[Json]]:
    """The bodies that the app receives; it answers while the fixture lasts."""
    bodies: list[Json] = []
    app = App(client=WebClient(token=slack.bot_token, base_url=slack.url), signing_secret=slack.signing_secret)

    @app.command("/record")
    def command(ack: Ack, body: Json) -> None:
        bodies.append(body)
        ack(f"heard {body['text']}")

    @app.action("stop")
    def stop(ack: Ack, body: Json) -> None:
        bodies.append(body)
        ack()

    handler = SlackRequestHandler(app)
    with served(lambda: handler.handle(request)) as url:
        server.use_http(url)
        yield bodies


@contextlib.contextmanager
def served(view: Callable[[], Any]) -> Iterator[str]:
    flask = Flask(__name__)
    flask.add_url_rule("/slack/events", view_func=view, methods=["POST"])
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}/slack/events"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_command_is_posted_and_its_answer_is_the_reply(ana: Person, got: list[Json]) -> None:
    command = ana.command("/record", "start däily & co", channel="daily")

    assert (command.acknowledged, command.error) == (True, None)
    assert command.reply is not None
    assert command.reply.text == "heard start däily &amp; co"
    assert got[0]["user_name"] == "ana"


def test_a_press_is_posted_as_a_form_with_a_payload(slack: SlackSimulator, ana: Person, got: list[Json]) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.url)
    client.chat_postMessage(channel=slack.workspace.channel("daily").id, text="card", blocks=CARD)

    assert ana.press(slack.messages("daily")[0], "stop").acknowledged
    assert got[0]["actions"][0]["value"] == "r1"


def test_the_app_refuses_a_wrong_signature(slack: SlackSimulator, ana: Person, got: list[Json]) -> None:
    slack.dispatcher.signing_secret = "another"

    assert ana.command("/record", "status", channel="daily").error == "dispatch_failed"
    assert got == []


def test_an_unreachable_app_is_a_failed_dispatch(server: SlackServer, slack: SlackSimulator, ana: Person) -> None:
    server.use_http("http://127.0.0.1:1/slack/events")

    assert ana.command("/record", "status", channel="daily").error == "dispatch_failed"


def test_a_failed_event_is_repeated_with_its_number(server: SlackServer, slack: SlackSimulator, ana: Person) -> None:
    seen: list[str | None] = []

    def view() -> tuple[str, int]:
        assert request.get_json()["event"]["type"] == "app_home_opened"
        seen.append(request.headers.get("X-Slack-Retry-Num"))
        return "", 200 if len(seen) == 3 else 503

    with served(view) as url:
        server.use_http(url)
        deliveries = ana.open_home()
        slack.wait_for(lambda: deliveries[-1].acknowledged)

    assert seen == [None, "1", "2"]


def test_the_app_can_switch_back_to_socket_mode(server: SlackServer, ana: Person, got: list[Json]) -> None:
    server.use_http(None)

    assert ana.command("/record", "status", channel="daily").error == "dispatch_failed"
    assert got == []
