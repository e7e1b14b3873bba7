"""The Bolt app: which route answers, when it acknowledges, and what people read if something fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk import WebClient
from structlog.testing import capture_logs

from handlers import app as app_module
from handlers.app import BUTTON_ROUTES, COMMAND_ROUTES, OPTION_ROUTES, Handlers, Mode, slack_app
from handlers.commands.parser import Verb
from messages.blocks import Message
from messages.delivery.slack import web_client
from recordings.errors import StorageUnavailable
from recordings.service.access import Action, Profile
from tests.fakes.access import Workspace
from tests.fakes.handlers import handlers_on
from tests.fakes.repositories import Memory, MemoryRecordings
from tests.fakes.rows import up
from tests.fakes.slack_requests import command_payload, press_payload


class Replies:
    """Replies over response_urls, in place of HTTP requests."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, bool]] = []

    def __call__(self, respond: Any, reply: Message, *, replace_original: bool) -> None:
        self.sent.append((reply, replace_original))


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> Replies:
    replies = Replies()
    monkeypatch.setattr(app_module, "_respond", replies)
    return replies


@pytest.fixture
def memory() -> Memory:
    memory = Memory()
    MemoryRecordings(memory).add_recording(up(), None)
    return memory


def app_on(memory: Memory, **others: Any) -> App:
    client: WebClient = web_client(None, "http://127.0.0.1:9/api/")
    app = slack_app(client, "xoxb-test", "", handlers_on(memory, client, **others))
    # Bolt runs the rest of a listener in this thread, so that a test sees what comes after the acknowledgement.
    app.listener_runner.listener_executor = Inline()  # type: ignore[assignment]
    return app


class Inline:
    """Runs everything at once, in the caller's thread."""

    def submit(self, function: Callable[[], Any]) -> None:
        function()


class Away:
    """A handler whose database is away."""

    def answer(self, *_: Any) -> Message:
        raise StorageUnavailable("locked")

    start = stop = open = submit = answer


def dispatched(app: App, body: dict[str, Any]) -> BoltResponse:
    return app.dispatch(BoltRequest(body={"api_app_id": "A1"} | body, mode="socket_mode"))


def press(action_id: str, **facts: Any) -> dict[str, Any]:
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": "rec1"}
    return press_payload(actions=[action]) | facts


def test_every_verb_has_a_route() -> None:
    assert set(COMMAND_ROUTES) == set(Verb)
    assert {verb for verb, route in COMMAND_ROUTES.items() if route.mode is not Mode.FAST} == {Verb.DOCTOR, Verb.FORM}


def test_every_button_is_answered_by_its_own_handler(memory: Memory) -> None:
    handlers: Handlers = handlers_on(memory, WebClient(token="xoxb-test"))
    buttons = [type(route.button(handlers)).__name__ for route in BUTTON_ROUTES]

    assert buttons == [
        "StopButton",
        "ExtendButton",
        "RecordAgainButton",
        "LayoutMenu",
        "NextPageButton",
        "DetailsButton",
        "AcknowledgeButton",
        "LinksButton",
        "RecordForm",
        "OptionsButton",
    ]
    assert [route.action for route in BUTTON_ROUTES if route.slow] == [
        Action.ACKNOWLEDGE,
        Action.GET_LINKS,
        Action.START,
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("details:rec1", "recording:"),
        ("layout:rec1", "Choose a layout for *daily*."),
        ("place:rec1", "`slack/C1`"),
        ("again:rec1", "is already being recorded"),
        ("rec1", "recording:"),
        ("layout:rec2", "I can't find that recording"),
        ("place:rec2", "I can't find that recording"),
        ("again:", "I can't find that recording"),
        ("nothing:rec1", "I can't find that recording"),
    ],
)
def test_each_option_of_the_menu_has_its_own_answer(memory: Memory, replies: Replies, value: str, words: str) -> None:
    option = {"type": "overflow", "action_id": "more", "block_id": "b", "selected_option": {"value": value}}
    dispatched(app_on(memory), press_payload(actions=[option]))

    ((reply, replaced),) = replies.sent
    assert words in f"{reply.text} {reply.blocks}"
    assert not replaced, "the card stays"


def test_a_guest_may_look_but_not_act_from_the_menu(memory: Memory, replies: Replies) -> None:
    guests = Workspace({"U2": Profile(guest=True)}).access
    for route in OPTION_ROUTES:
        option = {"type": "overflow", "action_id": "more", "selected_option": {"value": f"{route.prefix}rec1"}}
        dispatched(app_on(memory, access=guests), press_payload(actions=[option]))

    refused = ["Guests can't" in reply.text for reply, _ in replies.sent]
    assert refused == [route.prefix in ("layout:", "again:") for route in OPTION_ROUTES]


def test_a_command_is_acknowledged_with_its_reply(memory: Memory, replies: Replies) -> None:
    response = dispatched(app_on(memory), command_payload("status"))

    assert "*daily* \\u00b7 Recording" in response.body
    assert json.loads(response.body)["response_type"] == "ephemeral"
    assert replies.sent == []


def test_a_command_that_cannot_be_saved_is_acknowledged_with_a_reference(memory: Memory, replies: Replies) -> None:
    with capture_logs() as lines:
        response = dispatched(app_on(memory, record=Away()), command_payload("start weekly"))

    assert "I couldn't save that, so nothing changed" in response.body
    assert [line["event"] for line in lines] == ["request_not_written"]
    assert lines[0]["reference"] in response.body


def test_a_press_on_the_card_is_saved_acknowledged_and_not_answered(memory: Memory, replies: Replies) -> None:
    response = dispatched(app_on(memory), press("stop_recording"))

    assert (response.status, response.body, replies.sent) == (200, "", [])
    recording = MemoryRecordings(memory).recording("rec1")
    assert recording is not None
    assert recording.intent.stop_by == "U2"


@pytest.mark.parametrize("ephemeral", [False, True])
def test_the_reply_to_a_press_replaces_only_a_message_that_is_for_the_person_alone(
    memory: Memory, replies: Replies, ephemeral: bool
) -> None:
    container = {"type": "message", "is_ephemeral": ephemeral}
    dispatched(app_on(memory), press("details", container=container))

    ((reply, replaced),) = replies.sent
    assert "recording:" in str(reply.blocks)
    assert replaced is ephemeral


@pytest.mark.parametrize(("action_id", "handler"), [("stop_recording", "stop"), ("get_links", "links")])
def test_a_press_that_cannot_be_saved_is_answered_with_a_reference_beside_the_message(
    memory: Memory, replies: Replies, action_id: str, handler: str
) -> None:
    body = press(action_id, container={"type": "message", "is_ephemeral": True})
    response = dispatched(app_on(memory, **{handler: Away()}), body)

    ((reply, replaced),) = replies.sent
    assert response.status == 200
    assert "I couldn't save that, so nothing changed" in reply.text
    assert not replaced


def test_a_guest_reads_why_nothing_happens(memory: Memory, replies: Replies) -> None:
    guests = Workspace({"U2": Profile(guest=True)}).access
    dispatched(app_on(memory, access=guests), press("stop_recording"))

    ((reply, _),) = replies.sent
    assert "Guests can't start or stop recordings" in reply.text


def submission(**facts: Any) -> dict[str, Any]:
    view = {"id": "V1", "type": "modal", "callback_id": "record_form", "private_metadata": "{}", "blocks": []}
    return {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U2"}, "view": view} | facts


def test_the_errors_of_a_form_keep_it_open(memory: Memory) -> None:
    class Refuses:
        def submit(self, _: Any) -> dict[str, str]:
            return {"length": "no"}

    response = dispatched(app_on(memory, form=Refuses()), submission())

    assert json.loads(response.body) == {"response_action": "errors", "errors": {"length": "no"}}


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"form": Away()}, "I couldn't save that, so nothing changed"),
        ({"access": Workspace({"U2": Profile(guest=True)}).access}, "Guests can't start or stop recordings"),
    ],
)
def test_a_form_that_starts_nothing_stays_open_and_says_why(memory: Memory, others: dict[str, Any], words: str) -> None:
    body = json.loads(dispatched(app_on(memory, **others), submission()).body)

    assert body["response_action"] == "errors"
    assert words in body["errors"]["channel"]


def test_a_crash_is_reported_with_a_reference(memory: Memory) -> None:
    class Crashes:
        def status(self, *_: Any) -> Message:
            raise ZeroDivisionError

    with capture_logs() as lines:
        response = dispatched(app_on(memory, record=Crashes()), command_payload("status"))

    assert "Something went wrong, and I'm not sure it worked" in response.body
    assert [line["event"] for line in lines] == ["request_failed"]


def test_a_request_without_a_listener_is_acknowledged_and_logged(memory: Memory) -> None:
    with capture_logs() as lines:
        response = dispatched(app_on(memory), press("unknown_button"))

    assert (response.status, response.body) == (200, "")
    assert [line["event"] for line in lines] == ["unhandled_request"]
