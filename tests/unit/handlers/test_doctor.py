"""What a person reads after `/record doctor`: an admin what was found, anybody else who may ask."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from slack_bolt import BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.app import slack_app
from handlers.commands.doctor import Doctor, post_here
from messages.blocks import Message
from messages.delivery.slack import web_client
from messages.doctor import CheckResult
from tests.fakes.handlers import handlers_on
from tests.fakes.http_server import Exchange, serving
from tests.fakes.repositories import Memory

SCOPES = "commands,chat:write,chat:write.public"


@dataclass(frozen=True)
class Found:
    check: str
    ok: bool
    detail: str
    note: bool = False


class Answer(dict[str, Any]):
    headers: dict[str, Any]


def refused(error: str, **more: Any) -> Exception:
    return SlackApiError("no", {"ok": False, "error": error, **more})  # type: ignore[no-untyped-call]


class FakeSlack(WebClient):
    """Knows one person and one channel."""

    def __init__(self, person: Any = None, channel: Any = None, scopes: Any = SCOPES) -> None:
        super().__init__(token="xoxb-test")
        self.person = {"is_admin": True} if person is None else person
        self.channel = {"is_member": True} if channel is None else channel
        self.scopes = scopes

    def users_info(self, *, user: str, **_: Any) -> Any:
        return {"user": self._known(self.person)}

    def conversations_info(self, *, channel: str, **_: Any) -> Any:
        answer = Answer(channel=self._known(self.channel))
        answer.headers = {} if self.scopes is None else {"X-OAuth-Scopes": self.scopes}
        return answer

    def _known(self, what: Any) -> Any:
        if isinstance(what, Exception):
            raise what
        return what


def doctor(slack: FakeSlack, *found: CheckResult) -> Doctor:
    return Doctor(slack, lambda: list(found), lambda: "recorder")


def asks(asked: Doctor) -> Message:
    return asked.answer({"user_id": "U1", "channel_id": "C1"})


@pytest.mark.parametrize("right", ["is_admin", "is_owner", "is_primary_owner"])
def test_admins_and_owners_read_what_was_found(right: str) -> None:
    said = asks(doctor(FakeSlack({right: True}), Found("database", True, "can be written to")))

    assert said.text == "All right: 2 things looked at"
    assert [block["text"]["text"] for block in said.blocks] == [
        "*All right: 2 things looked at*",
        "✅ *database* can be written to\n✅ *posting here* I am in this channel",
    ]


@pytest.mark.parametrize("person", [{"is_admin": False}, {}, {"is_admin": True, "is_stranger": True}])
def test_anybody_else_reads_who_may_and_nothing_is_looked_at(person: dict[str, bool]) -> None:
    def look() -> list[CheckResult]:
        pytest.fail("looked")

    said = Doctor(FakeSlack(person), look, lambda: "recorder").answer({"user_id": "U1", "channel_id": "C1"})

    assert "Only admins and owners of this workspace may" in said.text


def test_a_missing_scope_is_named() -> None:
    assert "`users:read`" in asks(doctor(FakeSlack(refused("missing_scope")))).text


@pytest.mark.parametrize("error", [refused("ratelimited"), TimeoutError(), ConnectionResetError()])
def test_a_slack_that_does_not_tell_just_now_lets_nobody_look(error: Exception) -> None:
    assert "Slack does not tell me just now" in asks(doctor(FakeSlack(error))).text


@pytest.mark.parametrize(("wrong", "headline"), [(1, "1 thing needs a look"), (2, "2 things need a look")])
def test_the_headline_counts_and_each_line_has_its_sign(wrong: int, headline: str) -> None:
    faults = [Found(f"thing {number}", False, "Check SETTING") for number in range(wrong)]
    said = asks(doctor(FakeSlack(), *faults, Found("scopes", True, "would help: im:write", note=True)))
    shown = "\n".join(block["text"]["text"] for block in said.blocks)

    assert said.text.startswith(headline)
    assert said.text.count("❌") == shown.count("❌") == wrong
    assert "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16} *scopes* would help: im:write" in shown


def test_however_much_was_found_slack_takes_the_message() -> None:
    said = asks(doctor(FakeSlack(), *(Found(f"thing {number}", False, "<&>" * 1000) for number in range(60))))

    assert len(said.blocks) <= 50
    assert all(len(block["text"]["text"]) <= 3000 for block in said.blocks)
    assert sum(len(block["text"]["text"]) for block in said.blocks) < 13_000
    assert len(said.text) <= 3000
    assert "<" not in said.text


def test_two_who_ask_at_once_don_t_look_twice() -> None:
    began, over = threading.Event(), threading.Event()

    def look() -> list[CheckResult]:
        began.set()
        over.wait(5)
        return []

    slow = Doctor(FakeSlack(), look, lambda: "recorder")
    first = threading.Thread(target=asks, args=(slow,))
    first.start()
    assert began.wait(5)
    said = asks(slow)
    over.set()
    first.join()

    assert "looking already" in said.text
    assert asks(slow).text.startswith("All right"), "and afterwards everybody may ask again"


# Posting


@pytest.mark.parametrize(
    ("channel", "scopes", "ok", "note", "said"),
    [
        ({"is_member": True}, SCOPES, True, False, "I am in this channel"),
        ({"is_im": True}, SCOPES, True, False, "I am in this channel"),
        ({"is_archived": True, "is_member": True}, SCOPES, False, False, "archived"),
        ({"is_member": False}, SCOPES, True, False, "may post here all the same"),
        ({"is_member": False}, ["commands, chat:write.public"], True, False, "may post here all the same"),
        ({"is_member": False}, "commands,chat:write", False, False, "chat:write.public. Invite me: /invite @recorder"),
        ({"is_member": False}, None, True, True, "not known"),
        ({"is_member": False, "is_private": True}, SCOPES, False, False, "Invite me: /invite @recorder"),
        (refused("channel_not_found"), SCOPES, False, False, "Invite me: /invite @recorder"),
        (refused("missing_scope", needed="groups:read"), SCOPES, True, True, "groups:read"),
        (refused("ratelimited"), SCOPES, True, True, "not known: ratelimited"),
        (TimeoutError(), SCOPES, True, True, "not known: Slack does not answer"),
    ],
)
def test_whether_it_can_post_is_told_without_posting(
    channel: Any, scopes: Any, ok: bool, note: bool, said: str
) -> None:
    here = post_here(FakeSlack(channel=channel, scopes=scopes), "C1", "recorder")

    assert (here.ok, here.note) == (ok, note)
    assert said in here.detail


# In the app


def dispatched(asked: Doctor, response_url: str) -> str:
    """What is acknowledged to a command."""
    client = web_client(None, "http://127.0.0.1:9/api/")
    app = slack_app(client, "xoxb-test", "", handlers_on(Memory(), client, doctor=asked))
    facts = {"team_id": "T1", "user_id": "U1", "api_app_id": "A1", "channel_id": "C1", "response_url": response_url}
    body = {"command": "/record", "text": " Doctor ", **facts}
    return str(app.dispatch(BoltRequest(body=body, mode="socket_mode")).body)


class Hook:
    """Takes what comes over a response_url."""

    def __init__(self) -> None:
        self.came = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        exchange.answer(200, b"ok")
        self.came.set()


def told_later(asked: Doctor) -> dict[str, Any]:
    """What comes over the response_url."""
    hook = Hook()
    with serving(hook) as host:
        dispatched(asked, f"{host.url}/commands/1")
        assert hook.came.wait(10)
        said: dict[str, Any] = json.loads(host.received[0].body)
        return said


def test_it_is_acknowledged_before_it_looks() -> None:
    over = threading.Event()

    def look() -> list[CheckResult]:
        over.wait(5)
        return []

    hook = Hook()
    with serving(hook) as host:
        acknowledged = dispatched(Doctor(FakeSlack(), look, lambda: "recorder"), f"{host.url}/commands/1")
        assert host.received == []
        over.set()
        assert hook.came.wait(10)

    assert "Looking; this takes a few seconds." in acknowledged
    assert "ephemeral" in acknowledged


def test_what_was_found_comes_later_to_the_person_alone() -> None:
    said = told_later(doctor(FakeSlack()))

    assert said["response_type"] == "ephemeral"
    assert not said["replace_original"]
    assert said["text"].startswith("All right")


def test_a_crash_inside_is_told_with_a_reference() -> None:
    def look() -> list[CheckResult]:
        raise ZeroDivisionError

    said = told_later(Doctor(FakeSlack(), look, lambda: "recorder"))

    assert said["response_type"] == "ephemeral"
    assert "Something went wrong on my side" in said["text"]
    assert "Reference `" in said["text"]
