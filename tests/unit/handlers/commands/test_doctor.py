"""What a person reads after `/record doctor`: an admin the results, anybody else who may ask."""

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
from handlers.commands.doctor import DoctorCommand, check_posting
from handlers.commands.parser import Command
from messages.blocks import Message
from messages.delivery.slack import web_client
from messages.doctor import CheckResult
from tests.fakes.handlers import handlers_on
from tests.fakes.http_server import Exchange, serving
from tests.fakes.repositories import Memory
from tests.fakes.slack_requests import a_command, command_payload

SCOPES = "commands,chat:write,chat:write.public"
PATIENT = 60.0
"""Seconds that a test waits for another thread at most."""


@dataclass(frozen=True)
class Result:
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


def doctor(slack: FakeSlack, *results: CheckResult) -> DoctorCommand:
    return DoctorCommand(slack, lambda: list(results), lambda: "recorder")


def shown(message: Message) -> list[str]:
    """The texts of its blocks; those in small print as well."""
    return [str((block.get("text") or block["elements"][0])["text"]) for block in message.blocks]


def reply_of(command: DoctorCommand) -> Message:
    return command.answer(a_command("doctor"), Command.parse("doctor"))


@pytest.mark.parametrize("right", ["is_admin", "is_owner", "is_primary_owner"])
def test_admins_and_owners_read_the_results(right: str) -> None:
    reply = reply_of(doctor(FakeSlack({right: True}), Result("database", True, "can be written to")))

    assert reply.text == "✅ All 2 checks passed"
    assert shown(reply) == [
        "*✅ All 2 checks passed*",
        "✅ *Database* can be written to\n✅ *Posting here* I'm in this channel",
    ]


@pytest.mark.parametrize("person", [{"is_admin": False}, {}, {"is_admin": True, "is_stranger": True}])
def test_anybody_else_reads_who_may_and_nothing_is_checked(person: dict[str, bool]) -> None:
    def run_checks() -> list[CheckResult]:
        pytest.fail("checked")

    reply = reply_of(DoctorCommand(FakeSlack(person), run_checks, lambda: "recorder"))

    assert "Only workspace admins can run this" in reply.text


def test_a_missing_scope_is_named() -> None:
    assert "`users:read`" in reply_of(doctor(FakeSlack(refused("missing_scope")))).text


@pytest.mark.parametrize("error", [refused("ratelimited"), TimeoutError(), ConnectionResetError()])
def test_if_slack_does_not_say_who_is_an_admin_nobody_may_check(error: Exception) -> None:
    assert "right now" in reply_of(doctor(FakeSlack(error))).text


@pytest.mark.parametrize(("wrong", "headline"), [(1, "❌ 1 of 3 checks failed"), (2, "❌ 2 of 4 checks failed")])
def test_the_headline_counts_problems_and_each_line_has_its_sign(wrong: int, headline: str) -> None:
    faults = [Result(f"thing {number}", False, "Check SETTING") for number in range(wrong)]
    reply = reply_of(doctor(FakeSlack(), *faults, Result("scopes", True, "would help: im:write", note=True)))
    texts = shown(reply)

    assert reply.text.startswith(headline)
    assert reply.text.count("❌") == "\n".join(texts).count("❌") == wrong + 1
    assert texts[0] == f"*{headline}*"
    assert texts[1].startswith("❌ *Thing 0*"), "failures come first"
    assert "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16} *Scopes* would help: im:write" in texts[2]


def test_slack_accepts_the_message_however_long_the_results_are() -> None:
    reply = reply_of(doctor(FakeSlack(), *(Result(f"thing {number}", False, "<&>" * 1000) for number in range(60))))

    assert len(reply.blocks) <= 50
    assert all(len(text) <= 3000 for text in shown(reply))
    assert sum(map(len, shown(reply))) < 13_000
    assert len(reply.text) <= 3000
    assert "<" not in reply.text


def test_two_people_who_ask_at_once_do_not_check_twice() -> None:
    began, released = threading.Event(), threading.Event()

    def run_checks() -> list[CheckResult]:
        began.set()
        released.wait(PATIENT)
        return []

    slow = DoctorCommand(FakeSlack(), run_checks, lambda: "recorder")
    first = threading.Thread(target=reply_of, args=(slow,))
    first.start()
    assert began.wait(PATIENT)
    at_first, later = slow.refusal(a_command("doctor")), reply_of(slow)
    released.set()
    first.join()

    for reply in (at_first, later):
        assert reply is not None
        assert reply.text == "A check is already running. Its result comes in a few seconds."
    assert slow.refusal(a_command("doctor")) is None
    assert reply_of(slow).text.startswith("✅ The check passed"), "and afterwards everybody may ask again"


def test_if_slack_does_not_answer_at_once_the_command_goes_on() -> None:
    slow = DoctorCommand(FakeSlack(), list, lambda: "recorder", quick=FakeSlack(TimeoutError()))

    assert slow.refusal(a_command("doctor")) is None
    assert reply_of(slow).text.startswith("✅ The check passed")


# Posting


@pytest.mark.parametrize(
    ("channel", "scopes", "ok", "note", "words"),
    [
        ({"is_member": True}, SCOPES, True, False, "I'm in this channel"),
        ({"is_im": True}, SCOPES, True, False, "I'm in this channel"),
        ({"is_archived": True, "is_member": True}, SCOPES, False, False, "archived"),
        ({"is_member": False}, SCOPES, True, False, "can post here"),
        ({"is_member": False}, ["commands, chat:write.public"], True, False, "can post here"),
        ({"is_member": False}, "commands,chat:write", False, False, "chat:write.public. Invite me: /invite @recorder"),
        ({"is_member": False}, None, True, True, "not known"),
        ({"is_member": False, "is_private": True}, SCOPES, False, False, "Invite me: /invite @recorder"),
        (refused("channel_not_found"), SCOPES, False, False, "Invite me: /invite @recorder"),
        (refused("missing_scope", needed="groups:read"), SCOPES, True, True, "groups:read"),
        (refused("ratelimited"), SCOPES, True, True, "not known: ratelimited"),
        (TimeoutError(), SCOPES, True, True, "not known: Slack doesn't answer"),
    ],
)
def test_the_check_of_posting_does_not_post(channel: Any, scopes: Any, ok: bool, note: bool, words: str) -> None:
    posting = check_posting(FakeSlack(channel=channel, scopes=scopes), "C1", "recorder")

    assert (posting.ok, posting.note) == (ok, note)
    assert words in posting.detail


# In the app


def acknowledgement(command: DoctorCommand, response_url: str) -> str:
    """Of the command in the app."""
    client = web_client(None, "http://127.0.0.1:9/api/")
    app = slack_app(client, "xoxb-test", "", handlers_on(Memory(), client, doctor=command))
    body = command_payload(" Doctor ", response_url=response_url, api_app_id="A1")
    return str(app.dispatch(BoltRequest(body=body, mode="socket_mode")).body)


class Hook:
    """Accepts replies over a response_url."""

    def __init__(self) -> None:
        self.replied = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        exchange.answer(200, b"ok")
        self.replied.set()


def late_reply(command: DoctorCommand) -> dict[str, Any]:
    """The reply over the response_url."""
    hook = Hook()
    with serving(hook) as host:
        acknowledgement(command, f"{host.url}/commands/1")
        assert hook.replied.wait(PATIENT)
        reply: dict[str, Any] = json.loads(host.received[0].body)
        return reply


def test_the_command_is_acknowledged_before_the_checks() -> None:
    released = threading.Event()

    def run_checks() -> list[CheckResult]:
        released.wait(PATIENT)
        return []

    hook = Hook()
    with serving(hook) as host:
        acknowledged = acknowledgement(
            DoctorCommand(FakeSlack(), run_checks, lambda: "recorder"), f"{host.url}/commands/1"
        )
        assert host.received == []
        released.set()
        assert hook.replied.wait(PATIENT)

    assert "Checking the setup. This takes a few seconds." in acknowledged
    assert "ephemeral" in acknowledged


def test_a_refusal_is_the_first_and_only_answer() -> None:
    acknowledged = acknowledgement(doctor(FakeSlack({})), "http://127.0.0.1:9/commands/1")

    assert "Only workspace admins can run this" in acknowledged
    assert "Checking" not in acknowledged


def test_the_results_come_later_to_the_person_alone() -> None:
    reply = late_reply(doctor(FakeSlack()))

    assert reply["response_type"] == "ephemeral"
    assert not reply["replace_original"]
    assert reply["text"].startswith("✅ The check passed")


def test_a_crash_of_the_checks_is_reported_with_a_reference() -> None:
    def run_checks() -> list[CheckResult]:
        raise ZeroDivisionError

    reply = late_reply(DoctorCommand(FakeSlack(), run_checks, lambda: "recorder"))

    assert reply["response_type"] == "ephemeral"
    assert "Something went wrong, and I'm not sure it worked" in reply["text"]
    assert "Error `" in reply["text"]
