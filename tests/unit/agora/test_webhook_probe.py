"""The test notification to the bot's own webhook, against real HTTP servers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from agora.notifications import build_test_notification, has_valid_signature, read
from agora.webhook_probe import WebhookResponse, send_test_notification
from recordings.errors import NoAnswer, NotSent
from recordings.model.notifications import Ignored
from tests.fakes.http_server import Exchange, accepting_only, nobody, serving
from tests.fakes.rows import NOW

SECRET = "webhook-secret"


def test_it_is_signed_and_the_bot_ignores_it() -> None:
    with serving() as host:
        assert send_test_notification(host.url, SECRET, NOW) == WebhookResponse(200, True)

    (received,) = host.received
    assert (received.method, received.path) == ("POST", "/agora/webhook")
    v1, v2 = received.headers["Agora-Signature"], received.headers["Agora-Signature-V2"]
    assert has_valid_signature(SECRET, received.body, v1, None)
    assert has_valid_signature(SECRET, received.body, None, v2)
    assert read(received.body, NOW) == Ignored("test")
    assert received.body == build_test_notification(NOW)


def test_the_path_of_the_public_url_is_kept() -> None:
    with serving() as host:
        send_test_notification(f"{host.url}/recorder", SECRET, NOW)

    assert host.received[0].path == "/recorder/agora/webhook"


@pytest.mark.parametrize("status", [302, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with serving(lambda exchange: exchange.answer(status, Location="/elsewhere")) as host:
        assert send_test_notification(host.url, SECRET, NOW).status == status

    assert len(host.received) == 1


def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody() as proxy, serving() as host:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert send_test_notification(host.url, SECRET, NOW).status == 200


def test_a_web_page_is_not_json() -> None:
    with serving(lambda exchange: exchange.answer(200, b"<html>")) as host:
        assert send_test_notification(host.url, SECRET, NOW) == WebhookResponse(200, False)


def test_not_sent_says_why_there_was_no_connection() -> None:
    with nobody() as url, pytest.raises(NotSent, match="Connection refused"):
        send_test_notification(url, SECRET, NOW)
    with pytest.raises(NotSent, match="name can't be resolved"):
        send_test_notification("http://nobody.invalid", SECRET, NOW)
    with serving(tls=True) as host, pytest.raises(NotSent, match="certificate is not accepted"):
        send_test_notification(host.url, SECRET, NOW)


@pytest.fixture
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The deadline's clock stands still until a test moves it, so that connecting can take any time."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("agora.connections.time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.mark.parametrize("script", [Exchange.keep_silent, Exchange.hang_up])
def test_a_webhook_that_does_not_respond_means_no_answer(
    frozen_clock: SimpleNamespace, script: Callable[[Exchange], None]
) -> None:
    with serving(script) as host, pytest.raises(NoAnswer):
        send_test_notification(host.url, SECRET, NOW, timeout=0.2)


def test_a_listener_that_never_reads_means_no_answer(frozen_clock: SimpleNamespace) -> None:
    with accepting_only() as address, pytest.raises(NoAnswer):
        send_test_notification(f"http://{address}", SECRET, NOW, timeout=0.2)


def test_a_response_that_arrives_in_drops_is_given_up_at_the_deadline(frozen_clock: SimpleNamespace) -> None:
    def drip_past_the_deadline(exchange: Exchange) -> None:
        frozen_clock.now += 61
        exchange.drip(b"HTTP/1.1 200", b"x")

    with serving(drip_past_the_deadline) as host, pytest.raises(NoAnswer):
        send_test_notification(host.url, SECRET, NOW, timeout=60)
