"""Agora's notifications: whether they would reach this bot, and be taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agora.webhook_probe import WebhookResponse, send_test_notification
from doctor.results import CheckResult, note, right, wrong
from recordings.errors import AgoraSilent
from recordings.ports import Clock

WEBHOOK = "agora webhook"
PATH = "/agora/webhook"
NEXT_STEP = f"The bot has to run, and the proxy in front of it has to pass {PATH} on: check both, and PUBLIC_URL."

_HAIRPIN = "Some networks don't let a machine reach its own public address: then try from another one."


@dataclass(frozen=True, slots=True)
class WebhookProbe:
    """Where Agora's notifications come in. Each of the two is empty where it is not set."""

    secret: str
    public_url: str
    clock: Clock
    send: Callable[[str, str, datetime], WebhookResponse] = send_test_notification


def webhook_lines(webhook_probe: WebhookProbe) -> list[CheckResult]:
    """Sends a test notification there, as Agora's console does; it has no effect."""
    if not webhook_probe.secret:
        return [note(WEBHOOK, "off: AGORA_WEBHOOK_SECRET is empty, so the bot learns everything by asking")]
    if not webhook_probe.public_url:
        return [note(WEBHOOK, "not tried: set PUBLIC_URL to the address under which Agora reaches the bot")]
    try:
        reply = webhook_probe.send(webhook_probe.public_url, webhook_probe.secret, webhook_probe.clock.now())
    except AgoraSilent as error:
        return [wrong(WEBHOOK, f"{error}. {NEXT_STEP} {_HAIRPIN}")]
    if reply.status == 200 and reply.is_json:
        return [right(WEBHOOK, f"a test notification to {webhook_probe.public_url} was taken")]
    return [wrong(WEBHOOK, f"{webhook_probe.public_url} answers {reply.status}: {_todo(reply)}")]


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
            return "the bot gets too many at once, so somebody floods it. See notice_not_taken in its log."
        case status if 300 <= status < 400:
            return "Agora follows no redirect. Set PUBLIC_URL, and the URL in Agora's console, to where it leads."
        case status if status >= 500:
            return f"the bot does not run, the proxy does not reach it, or its database is away. {NEXT_STEP}"
    return f"something in between refuses it. The proxy has to pass {PATH} on as it is, to whoever asks."
