"""One line for Agora's notifications: whether they would come in, and else what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from agora.webhook_probe import WebhookResponse
from recordings.errors import AgoraError, NoAnswer, NotSent
from tests.unit.doctor.desk import Desk


def said(desk: Desk, answer: WebhookResponse | AgoraError) -> str:
    """What the line says, which is the only one that is wrong."""

    def send(public_url: str, secret: str, now: datetime) -> WebhookResponse:
        if isinstance(answer, AgoraError):
            raise answer
        return answer

    desk.webhook_probe = replace(desk.webhook_probe, send=send)
    found = desk.wrong()
    assert list(found) == ["agora webhook"]
    return found["agora webhook"]


def test_a_test_notification_that_is_taken_is_right(desk: Desk) -> None:
    assert desk.lines()["agora webhook"].detail == "a test notification to https://bot.example was taken"


def test_without_a_secret_they_are_off_and_that_is_no_fault(desk: Desk) -> None:
    desk.webhook_probe = replace(desk.webhook_probe, secret="")

    assert desk.notes() == {
        "agora webhook": "off: AGORA_WEBHOOK_SECRET is empty, so the bot learns everything by asking"
    }


def test_without_an_address_nothing_is_tried_and_that_is_no_fault(desk: Desk) -> None:
    desk.webhook_probe = replace(desk.webhook_probe, public_url="")

    assert desk.notes() == {
        "agora webhook": "not tried: set PUBLIC_URL to the address under which Agora reaches the bot"
    }


@pytest.mark.parametrize(
    ("answer", "todo"),
    [
        (WebhookResponse(401, True), "the running bot has another AGORA_WEBHOOK_SECRET"),
        (WebhookResponse(404, False), "the running bot has no AGORA_WEBHOOK_SECRET"),
        (WebhookResponse(200, False), "that is not the bot"),
        (WebhookResponse(301, False), "Agora follows no redirect"),
        (WebhookResponse(308, False), "Agora follows no redirect"),
        (WebhookResponse(403, False), "something in between refuses it"),
        (WebhookResponse(429, True), "floods"),
        (WebhookResponse(502, False), "The bot has to run"),
        (WebhookResponse(503, True), "its database is away"),
        (NotSent("no connection to bot.example: its name can't be resolved"), "The bot has to run"),
        (NotSent("no connection to bot.example: its certificate is not accepted"), "check both, and PUBLIC_URL"),
        (NoAnswer("no answer from bot.example within 5 s"), "the proxy in front of it has to pass /agora/webhook on"),
    ],
)
def test_whatever_else_comes_back_is_wrong_and_says_what_to_do(
    desk: Desk, answer: WebhookResponse | AgoraError, todo: str
) -> None:
    assert todo in said(desk, answer)
