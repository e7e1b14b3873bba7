"""Slack, Agora and the bucket in one process and one thread, on a clock that the test moves."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from simulator.agora import AgoraOptions, AgoraSimulator, WebhookRequest
from simulator.bucket import BucketOptions, BucketSimulator
from simulator.changes import Change
from simulator.clock import ManualClock
from simulator.slack import Ack, Delivery, SlackSimulator
from simulator.slack.http import Json, Response
from tests.unit.simulator.agora_client import ApiClient

BUTTON = {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}, "value": "r1"}
CARD = [{"type": "actions", "elements": [BUTTON]}]
FORM = {
    "type": "modal",
    "callback_id": "start",
    "title": {"type": "plain_text", "text": "Record"},
    "submit": {"type": "plain_text", "text": "Start"},
    "blocks": [
        {
            "type": "input",
            "block_id": "call",
            "label": {"type": "plain_text", "text": "Call"},
            "element": {"type": "plain_text_input", "action_id": "call"},
        }
    ],
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_start=1_800_000_000)


# Slack


@dataclass
class App:
    """An app that answers in the thread of the person who acts."""

    slack: SlackSimulator
    clock: ManualClock
    received: list[Delivery] = field(default_factory=list)
    thinks: float = 0.0
    """Seconds until it acknowledges."""

    def __call__(self, delivery: Delivery) -> Ack | None:
        self.received.append(delivery)
        self.clock.advance(self.thinks)
        payload = delivery.payload
        if payload.get("text") == "silence":
            return None
        if payload.get("text") == "form":
            self.call("views.open", trigger_id=payload["trigger_id"], view=FORM)
        if payload.get("type") == "view_submission":
            return Ack({"response_action": "errors", "errors": {"call": "no such call"}})
        if "command" in payload:
            return Ack({"text": f"heard {payload['text']}"})
        return Ack()

    def call(self, method: str, **params: Any) -> Json:
        response = self.slack.call(method, params, self.slack.bot_token)
        assert response is not None
        return response.json


@pytest.fixture
def slack(clock: ManualClock) -> SlackSimulator:
    slack = SlackSimulator(clock=clock)
    slack.seed()
    return slack


@pytest.fixture
def app(slack: SlackSimulator, clock: ManualClock) -> App:
    app = App(slack, clock)
    slack.connect(app)
    return app


def test_a_command_is_answered_before_the_person_goes_on(slack: SlackSimulator, app: App) -> None:
    app.thinks = 2.5
    command = slack.person("ana").command("/record", "start daily", channel="daily")
    assert app.received[0].envelope["type"] == "slash_commands"
    assert (command.acknowledged, command.latency) == (True, 2.5)
    assert [message.text for message in slack.person("ana").ephemerals("daily")] == ["heard start daily"]


def test_after_three_simulated_seconds_an_acknowledgement_is_too_late(
    slack: SlackSimulator, app: App, clock: ManualClock
) -> None:
    app.thinks = 3.5
    assert slack.person("ana").command("/record", channel="daily").error == "operation_timeout"
    app.thinks = 0
    command = slack.person("ana").command("/record", "silence", channel="daily")
    assert (command.error, command.acknowledged) == (None, False)
    slack.acknowledge(command.delivery.envelope_id, {"text": "later"})
    assert command.acknowledged
    command = slack.person("ana").command("/record", "silence", channel="daily")
    clock.advance(3.1)
    assert command.error == "operation_timeout"


def test_an_unreachable_app_is_a_failed_dispatch(slack: SlackSimulator) -> None:
    assert slack.person("ana").command("/record", channel="daily").error == "dispatch_failed"

    def unreachable(delivery: Delivery) -> Ack:
        return Ack.of_http(503, "", "text/plain")

    slack.connect(unreachable)
    assert slack.person("ana").command("/record", channel="daily").error == "dispatch_failed"


def test_messages_are_posted_edited_and_pressed(slack: SlackSimulator, app: App, clock: ManualClock) -> None:
    daily = slack.workspace.channel("daily").id
    ts = app.call("chat.postMessage", channel=daily, text="card", blocks=CARD)["ts"]
    (card,) = slack.messages("daily")
    assert (card.ts, card.at) == (ts, 1_800_000_000)
    press = slack.person("ben").press(card, "stop")
    assert press.acknowledged
    response = slack.post_response_url(press.response_url, {"text": "stopping", "replace_original": False})
    assert response is not None
    assert (response.status, press.responses[0].text) == (200, "stopping")
    clock.advance(5)
    assert app.call("chat.update", channel=daily, ts=ts, text="done", blocks=[])["ok"]
    assert (card.text, card.edited_at) == ("done", 1_800_000_005)
    assert app.call("chat.postEphemeral", channel=daily, user=slack.person("ben").id, text="only you")["ok"]
    assert [message.text for message in slack.person("ben").ephemerals("daily")] == ["stopping", "only you"]


def test_block_kit_is_checked_and_rates_are_limited_by_the_clock(
    slack: SlackSimulator, app: App, clock: ManualClock
) -> None:
    daily = slack.workspace.channel("daily").id
    assert app.call("chat.postMessage", channel=daily, text="x", blocks=[{"type": "x"}])["error"] == "invalid_blocks"
    posts = [app.call("chat.postMessage", channel=daily, text="x") for _ in range(3)]
    assert [post.get("error") for post in posts] == [None, None, "ratelimited"]
    clock.advance(1)
    assert app.call("chat.postMessage", channel=daily, text="x")["ok"]


def test_a_form_is_opened_submitted_and_refused(slack: SlackSimulator, app: App) -> None:
    ana = slack.person("ana")
    ana.command("/record", "form", channel="daily")
    assert ana.modal is not None
    submission = ana.submit(ana.modal, {"call": "nowhere"})
    assert (submission.errors, ana.modal.errors) == ({"call": "no such call"}, {"call": "no such call"})


def test_a_trigger_expires_by_the_clock(slack: SlackSimulator, app: App, clock: ManualClock) -> None:
    command = slack.person("ana").command("/record", channel="daily")
    clock.advance(3.1)
    assert app.call("views.open", trigger_id=command.trigger_id, view=FORM)["error"] == "expired_trigger_id"


def test_an_event_is_repeated_by_the_clock(slack: SlackSimulator, app: App, clock: ManualClock) -> None:
    attempts: list[int] = []
    slack.connect(lambda delivery: attempts.append(delivery.retry_attempt))
    slack.person("ana").open_home()
    for seconds in (2.9, 0.2, 60, 3.1):
        clock.advance(seconds)
        slack.retry_events()
    assert attempts == [0, 1, 2]
    slack.connect(app)
    clock.advance(303.1)
    slack.retry_events()
    assert app.received[0].retry_attempt == 3


def test_faults_and_outages_need_no_network(slack: SlackSimulator, app: App, clock: ManualClock) -> None:
    slack.faults.add("auth.test", delay=5, times=1)
    assert app.call("auth.test")["ok"]
    assert clock.now == 5
    slack.faults.add("auth.test", hang=True, times=1)
    assert slack.call("auth.test", {}, slack.bot_token) is None
    slack.down()
    with pytest.raises(ConnectionRefusedError):
        app.call("auth.test")
    slack.up()
    assert app.call("auth.test")["ok"]


def test_a_delivery_is_available_as_a_signed_http_request(slack: SlackSimulator, app: App) -> None:
    slack.person("ana").command("/record", "status", channel="daily")
    request = slack.http_request(app.received[0])
    assert request.headers["x-slack-request-timestamp"] == "1800000000"
    assert parse_qs(request.body.decode())["text"] == ["status"]


# Agora and the bucket


@dataclass
class Setup:
    """Agora with a webhook and a bucket."""

    client: ApiClient
    bucket: BucketSimulator
    posted: list[WebhookRequest] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Let time pass; each second everything due is uploaded and delivered."""
        agora = self.client.simulator
        for _ in range(int(seconds)):
            self.client.clock.advance(1)
            agora.upload_due()
            agora.deliver_due(self.post)

    def post(self, request: WebhookRequest) -> tuple[int | None, str]:
        self.posted.append(request)
        return 200, ""

    @property
    def events(self) -> list[int]:
        return [json.loads(request.body)["eventType"] for request in self.posted]

    def storage(self) -> Json:
        settings = self.bucket.settings
        return {
            "vendor": 11,
            "region": 0,
            "bucket": settings["STORAGE_BUCKET"],
            "accessKey": settings["STORAGE_ACCESS_KEY"],
            "secretKey": settings["STORAGE_SECRET_KEY"],
            "extensionParams": {"endpoint": self.bucket.endpoint},
            "fileNamePrefix": ["calls"],
        }


@pytest.fixture
def setup(clock: ManualClock) -> Setup:
    bucket = BucketSimulator(BucketOptions(store="memory"), clock=clock)
    options = AgoraOptions(qps=1000, seed=1, webhook="http://bot.invalid/agora", real_media=False)
    return Setup(ApiClient(AgoraSimulator(options, clock=clock, bucket=bucket), clock), bucket)


def test_a_call_is_recorded_uploaded_and_reported(setup: Setup) -> None:
    client = setup.client
    client.simulator.join("daily", 7)
    task = client.task(storageConfig=setup.storage())
    setup.run(20)
    assert client.status(task) == 5
    client.stop(task)
    setup.run(10)
    assert [key.removeprefix(f"calls/{task.sid}_daily") for key in setup.bucket.keys("calls/")][:2] == [
        ".m3u8",
        "_0.mp4",
    ]
    assert setup.events == [30, 40, 43, 44, 42, 4, 41, 31, 11]
    assert len(setup.bucket.get(f"calls/{task.sid}_daily_0.mp4")) > 10_000
    assert setup.posted[0].url == "http://bot.invalid/agora"
    assert "Agora-Signature-V2" in setup.posted[0].headers


def test_a_test_can_jump_from_one_moment_to_the_next(setup: Setup, clock: ManualClock) -> None:
    client, agora = setup.client, setup.client.simulator
    agora.join("daily", 7)
    task = client.task(storageConfig=setup.storage())

    def jump(until: float) -> int:
        jumps = 0
        while (due := agora.next_due()) is not None and due <= until:
            clock.now, jumps = max(clock.now, due), jumps + 1
            agora.upload_due()
            agora.deliver_due(setup.post)
        clock.now = until
        return jumps

    assert jump(20) < 10
    client.stop(task)
    assert jump(100) < 10
    assert setup.events == [30, 40, 43, 44, 42, 4, 41, 31, 11]
    assert setup.bucket.keys("calls/")[1].endswith("_0.mp4")
    assert agora.next_due() is None


def test_a_recorder_that_is_killed_uploads_no_more(setup: Setup) -> None:
    client = setup.client
    client.simulator.join("daily", 7)
    task = client.task(storageConfig=setup.storage())
    setup.run(20)
    client.simulator.kill("daily")
    setup.run(60)
    assert client.status(task) is None
    assert not any(key.endswith(".mp4") for key in setup.bucket.keys("calls/"))


def test_a_notification_is_repeated_by_the_clock(setup: Setup, clock: ManualClock) -> None:
    agora = setup.client.simulator
    agora.send("daily", 40)
    statuses = [500, 500, 200]
    for seconds in (0, 4.9, 0.2):
        clock.advance(seconds)
        agora.deliver_due(lambda request: (statuses.pop(0), ""))
    assert (agora.sent()[0].outcome, agora.sent()[0].tries, statuses) == ("answered", 3, [])


def test_faults_and_outages_of_agora_need_no_network(setup: Setup, clock: ManualClock) -> None:
    client, agora = setup.client, setup.client.simulator
    agora.fault("acquire", delay=4)
    assert (client.acquire().status, clock.now) == (200, 4)
    for lost in ({"lost": "request"}, {"lost": "answer"}, {"hang": "answer"}):
        agora.fault("acquire", **lost)  # type: ignore[arg-type]
        assert agora.handle("POST", acquire_path(agora), headers(agora), body()) is None
    agora.down()
    with pytest.raises(ConnectionRefusedError):
        client.acquire()
    agora.up()
    assert client.acquire().status == 200


def acquire_path(agora: AgoraSimulator) -> str:
    return f"/v1/apps/{agora.account.app_id}/cloud_recording/acquire"


def headers(agora: AgoraSimulator) -> dict[str, str]:
    pair = base64.b64encode(f"{agora.account.customer_id}:{agora.account.customer_secret}".encode()).decode()
    return {"authorization": f"Basic {pair}", "content-type": "application/json"}


def body() -> bytes:
    return json.dumps({"cname": "daily", "uid": "1", "clientRequest": {}}).encode()


def test_the_bucket_fails_and_recovers(setup: Setup) -> None:
    client, bucket = setup.client, setup.bucket
    client.simulator.join("daily", 7)
    task = client.task(storageConfig=setup.storage())
    for fail, repair in ((bucket.down, bucket.up), (bucket.hang, bucket.clear)):
        fail()
        setup.run(25)
        assert client.status(task) == 4 or bucket.keys()
        repair()
        setup.run(6)
        assert client.status(task) == 5
    assert 1 in setup.events


def test_every_change_is_announced(setup: Setup, slack: SlackSimulator, app: App) -> None:
    changes: list[Change] = []
    unsubscribe = [each.subscribe(changes.append) for each in (setup.client.simulator, setup.bucket, slack)]
    setup.client.simulator.join("daily", 7)
    setup.client.task(storageConfig=setup.storage())
    setup.run(20)
    slack.person("ana").command("/record", "status", channel="daily")
    kinds = {change.kind for change in changes}
    assert {"channel", "recorder", "request", "notification", "message", "delivery", "command"} <= kinds
    for each in unsubscribe:
        each()
    changes.clear()
    slack.person("ana").say("daily", "hello")
    assert changes == []


def test_nothing_slow_is_imported_and_no_thread_is_started() -> None:
    import subprocess
    from pathlib import Path

    code = """
import sys, threading
from simulator.agora import AgoraSimulator
from simulator.bucket import BucketOptions, BucketSimulator
from simulator.slack import SlackSimulator
AgoraSimulator(bucket=BucketSimulator(BucketOptions(store="memory")))
SlackSimulator().seed()
slow = {"moto", "av", "boto3", "botocore", "flask", "slack_sdk", "slack_bolt"} & set(sys.modules)
sys.exit(len(slow) + threading.active_count() - 1)
"""
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_an_answer_of_the_web_api_is_a_value() -> None:
    assert Response(200, b"ok").json == {"ok": True}
