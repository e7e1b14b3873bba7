"""The check of Agora's notifications: whether they would arrive, and what to do if not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from agora.webhook_probe import WebhookResponse
from recordings.errors import AgoraError, NoAnswer, NotSent
from tests.unit.doctor.bench import Bench


def failure(bench: Bench, answer: WebhookResponse | AgoraError) -> str:
    """The detail of the only failure."""

    def send(public_url: str, secret: str, now: datetime) -> WebhookResponse:
        if isinstance(answer, AgoraError):
            raise answer
        return answer

    bench.webhook_probe = replace(bench.webhook_probe, send=send)
    failures = bench.failures()
    assert list(failures) == ["agora webhook"]
    return failures["agora webhook"]


def test_an_accepted_test_notification_passes(bench: Bench) -> None:
    assert bench.results()["agora webhook"].detail == "the bot accepted a test notification at https://bot.example"


def test_without_a_secret_notifications_are_off_which_is_a_note(bench: Bench) -> None:
    bench.webhook_probe = replace(bench.webhook_probe, secret="")

    assert bench.notes() == {
        "agora webhook": "off: AGORA_WEBHOOK_SECRET is empty, so the bot learns of failures only from its own queries"
    }


def test_without_a_public_url_nothing_is_sent_which_is_a_note(bench: Bench) -> None:
    bench.webhook_probe = replace(bench.webhook_probe, public_url="")

    assert bench.notes() == {"agora webhook": "not tested: set PUBLIC_URL to the URL at which Agora reaches the bot"}


@pytest.mark.parametrize(
    ("answer", "todo"),
    [
        (WebhookResponse(401, True), "The running bot has another AGORA_WEBHOOK_SECRET"),
        (WebhookResponse(404, False), "the running bot has no AGORA_WEBHOOK_SECRET"),
        (WebhookResponse(200, False), "doesn't come from the bot"),
        (WebhookResponse(301, False), "Agora follows no redirect"),
        (WebhookResponse(308, False), "Agora follows no redirect"),
        (WebhookResponse(403, False), "Something on the way refuses it"),
        (WebhookResponse(429, True), "too many requests at once"),
        (WebhookResponse(502, False), "Check that the bot runs"),
        (WebhookResponse(503, True), "its database is down"),
        (NotSent("no connection to bot.example: its name can't be resolved"), "Check that the bot runs"),
        (
            NotSent("no connection to bot.example: its certificate is not accepted"),
            "forwards /agora/webhook, and PUBLIC_URL",
        ),
        (NoAnswer("no answer from bot.example within 5 s"), "the proxy in front of it forwards /agora/webhook"),
    ],
)
def test_any_other_answer_is_a_failure_with_what_to_do(
    bench: Bench, answer: WebhookResponse | AgoraError, todo: str
) -> None:
    assert todo in failure(bench, answer)
