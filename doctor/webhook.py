"""Agora's notifications: whether they would reach this bot, and whether it would accept them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agora.webhook_probe import WebhookResponse, send_test_notification
from doctor.results import CheckResult, failed, note, passed
from recordings.errors import AgoraSilent
from recordings.ports import Clock

WEBHOOK = "agora webhook"
PATH = "/agora/webhook"
NEXT_STEP = f"The bot has to run, and the proxy in front of it has to pass {PATH} on: check both, and PUBLIC_URL."

_HAIRPIN = "Some networks don't let a machine reach its own public address: then try from another one."


@dataclass(frozen=True, slots=True)
class WebhookProbe:
    """Sends a test notification to the bot. `secret` and `public_url` are empty if they are not set."""

    secret: str
    public_url: str
    clock: Clock
    send: Callable[[str, str, datetime], WebhookResponse] = send_test_notification


def check_webhook(probe: WebhookProbe) -> list[CheckResult]:
    """Sends the test notification that Agora's console sends; the bot ignores it."""
    if not probe.secret:
        return [note(WEBHOOK, "off: AGORA_WEBHOOK_SECRET is empty, so the bot learns everything by asking")]
    if not probe.public_url:
        return [note(WEBHOOK, "not tried: set PUBLIC_URL to the address under which Agora reaches the bot")]
    try:
        reply = probe.send(probe.public_url, probe.secret, probe.clock.now())
    except AgoraSilent as error:
        return [failed(WEBHOOK, f"{error}. {NEXT_STEP} {_HAIRPIN}")]
    if reply.status == 200 and reply.is_json:
        return [passed(WEBHOOK, f"a test notification to {probe.public_url} was taken")]
    return [failed(WEBHOOK, f"{probe.public_url} answers {reply.status}: {_todo(reply)}")]


def _todo(reply: WebhookResponse) -> str:
    match reply.status:
        case 200:
            return f"without JSON, so that is not the bot. PUBLIC_URL has to lead to it, and {PATH} be passed on."
        case 401:
            return "the running bot has another AGORA_WEBHOOK_SECRET. Restart it with this one, or take that one here."
        case 404:
            return (
                f"nothing serves {PATH} there. Either the proxy does not pass that path on, or PUBLIC_URL holds more"
                " than the part before it, or the running bot has no AGORA_WEBHOOK_SECRET: restart it with one."
            )
        case 429:
            return "the bot gets too many at once, so somebody floods it. See notification_rejected in its log."
        case status if 300 <= status < 400:
            return "Agora follows no redirect. Set PUBLIC_URL, and the URL in Agora's console, to where it leads."
        case status if status >= 500:
            return f"the bot does not run, the proxy does not reach it, or its database is away. {NEXT_STEP}"
    return f"something in between refuses it. The proxy has to pass {PATH} on as it is, to whoever asks."
