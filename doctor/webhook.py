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
NEXT_STEP = f"Check that the bot runs, that the proxy in front of it forwards {PATH}, and PUBLIC_URL."

_HAIRPIN = "Some networks don't let a machine reach its own public address: try from another machine then."


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
        off = "off: AGORA_WEBHOOK_SECRET is empty, so the bot learns of failures only from its own queries"
        return [note(WEBHOOK, off, setting="AGORA_WEBHOOK_SECRET")]
    if not probe.public_url:
        return [
            note(WEBHOOK, "not tested: set PUBLIC_URL to the URL at which Agora reaches the bot", setting="PUBLIC_URL")
        ]
    try:
        reply = probe.send(probe.public_url, probe.secret, probe.clock.now())
    except AgoraSilent as error:
        return [failed(WEBHOOK, str(error), f"{NEXT_STEP} {_HAIRPIN}")]
    if reply.status == 200 and reply.is_json:
        return [passed(WEBHOOK, f"the bot accepted a test notification at {probe.public_url}")]
    return [failed(WEBHOOK, f"{probe.public_url} answers {reply.status}", _next_step(reply))]


def _next_step(reply: WebhookResponse) -> str:
    match reply.status:
        case 200:
            return (
                f"The answer is not JSON, so it doesn't come from the bot: check PUBLIC_URL and the proxy for {PATH}."
            )
        case 401:
            return (
                "The running bot has another AGORA_WEBHOOK_SECRET: use that one here, or restart the bot with this one."
            )
        case 404:
            return (
                f"Nothing serves {PATH} there. Either the proxy doesn't forward that path, or PUBLIC_URL holds more"
                " than the part before it, or the running bot has no AGORA_WEBHOOK_SECRET: restart it with one."
            )
        case 429:
            return "The bot gets too many requests at once: see notification_rejected in its log."
        case status if 300 <= status < 400:
            return (
                "Agora follows no redirect: set PUBLIC_URL, and the URL in Agora Console, to the address it leads to."
            )
        case status if status >= 500:
            return f"The bot doesn't run, the proxy doesn't reach it, or its database is down. {NEXT_STEP}"
    return f"Something on the way refuses it: the proxy has to forward {PATH} unchanged, from any address."
