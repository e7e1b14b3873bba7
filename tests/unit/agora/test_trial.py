"""A test notification goes the way that Agora's take, and is nothing that could have an effect."""

from __future__ import annotations

import time

import pytest

from agora.notifications import a_test, read, signature_fits
from agora.trial import Reply, send_test
from recordings.errors import NoAnswer, NotSent
from recordings.model.notifications import Ignored
from tests.fakes.http_server import Exchange, accepting_only, nobody, serving
from tests.fakes.rows import NOW

SECRET = "webhook-secret"


def test_it_is_signed_and_nothing_is_made_of_it() -> None:
    with serving() as host:
        assert send_test(host.url, SECRET, NOW) == Reply(200, True)

    (received,) = host.received
    assert (received.method, received.path) == ("POST", "/agora/webhook")
    v1, v2 = received.headers["Agora-Signature"], received.headers["Agora-Signature-V2"]
    assert signature_fits(SECRET, received.body, v1, None)
    assert signature_fits(SECRET, received.body, None, v2)
    assert read(received.body, NOW) == Ignored("test")
    assert received.body == a_test(NOW)


def test_a_path_in_front_of_the_webhooks_stays() -> None:
    with serving() as host:
        send_test(f"{host.url}/recorder", SECRET, NOW)

    assert host.received[0].path == "/recorder/agora/webhook"


@pytest.mark.parametrize("status", [302, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with serving(lambda exchange: exchange.answer(status, Location="/elsewhere")) as host:
        assert send_test(host.url, SECRET, NOW).status == status

    assert len(host.received) == 1


def test_no_proxy_variable_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody() as proxy, serving() as host:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert send_test(host.url, SECRET, NOW).status == 200


def test_a_page_is_no_json() -> None:
    with serving(lambda exchange: exchange.answer(200, b"<html>")) as host:
        assert send_test(host.url, SECRET, NOW) == Reply(200, False)


def test_a_refused_connection_an_unknown_host_and_a_certificate_say_what_they_are() -> None:
    with nobody() as url, pytest.raises(NotSent, match="Connection refused"):
        send_test(url, SECRET, NOW)
    with pytest.raises(NotSent, match="name can't be resolved"):
        send_test("http://nobody.invalid", SECRET, NOW)
    with serving(tls=True) as host, pytest.raises(NotSent, match="certificate is not accepted"):
        send_test(host.url, SECRET, NOW)


@pytest.mark.parametrize("script", [Exchange.keep_silent, Exchange.hang_up, lambda e: e.drip(b"HTTP/1.1 200", b"x")])
def test_what_does_not_answer_has_an_end(script: object) -> None:
    begun = time.monotonic()
    with serving(script) as host, pytest.raises(NoAnswer):  # type: ignore[arg-type]
        send_test(host.url, SECRET, NOW, seconds=0.2)
    with accepting_only() as address, pytest.raises(NoAnswer):
        send_test(f"http://{address}", SECRET, NOW, seconds=0.2)

    assert time.monotonic() - begun < 5
