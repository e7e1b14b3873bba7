"""HttpTransport against real HTTP servers."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agora.endpoints import EndpointPool
from agora.transport import Call, Credentials, HttpResponse, HttpTransport, Timeouts
from recordings.errors import NoAnswer, NotSent
from tests.fakes.http_server import AUTHORITY, Exchange, accepting_only, nobody, serving
from tests.unit.agora.fakes import FakeTime

QUERY = Call("query", "GET", "/v1/query")
START = Call("start", "POST", "/v1/start", {"cname": "daily", "secretKey": "hush-storage"})
CREDENTIALS = Credentials("hush-id", "hush-secret")
PATIENT = Timeouts(connect=60.0, read=60.0, total=60.0)
"""So that no test fails on a slow machine."""
Connect = Callable[..., HttpTransport]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Builds transports for these URLs, and closes them after the test."""
    transports: list[HttpTransport] = []

    def build(*urls: str, monotonic: Callable[[], float] = time.monotonic, **options: Any) -> HttpTransport:
        pool = EndpointPool(urls, return_after=60.0, monotonic=monotonic)
        transports.append(HttpTransport(pool, CREDENTIALS, **{"timeouts": PATIENT, **options}))
        return transports[-1]

    yield build
    for transport in transports:
        transport.close()


def test_a_call_sends_its_body_and_the_credentials(connect: Connect) -> None:
    with serving(lambda exchange: exchange.answer(200, b'{"sid": "1"}', X_Request_ID="r1")) as host:
        answer = connect(host.url).send(START)

    [received] = host.received
    assert (received.method, received.path, json.loads(received.body)) == ("POST", "/v1/start", START.json)
    assert received.headers["Authorization"] == "Basic " + base64.b64encode(b"hush-id:hush-secret").decode()
    assert received.headers["Content-Type"] == "application/json"
    assert (answer.status, answer.body, answer.headers["X-Request-ID"]) == (200, b'{"sid": "1"}', "r1")


def test_the_observer_gets_every_response(connect: Connect) -> None:
    observed: list[HttpResponse] = []
    with serving(lambda exchange: exchange.answer(401)) as host, nobody() as nowhere:
        answer = connect(host.url, on_response=observed.append).send(QUERY)
        with pytest.raises(NotSent):
            connect(nowhere, on_response=observed.append).send(QUERY)

    assert observed == [answer]
    assert "Date" in answer.headers


@pytest.mark.parametrize("status", [200, 201, 204, 206, 400, 401, 404, 429, 500, 503])
def test_every_status_is_returned(connect: Connect, status: int) -> None:
    with serving(lambda exchange: exchange.answer(status)) as host:
        assert connect(host.url).send(QUERY).status == status


def test_a_path_is_sent_unchanged(connect: Connect) -> None:
    path = "/dev/v1/channel/user/app/a%20b%3Fc%23d%25e%26%3D%2B~%5B%5D"
    with serving() as host:
        connect(host.url).send(Call("users", "GET", path))

    assert host.received[0].path == path


def test_a_redirect_is_returned_and_not_followed(connect: Connect) -> None:
    with serving() as elsewhere, serving(lambda exchange: exchange.answer(302, Location=elsewhere.url)) as host:
        assert connect(host.url).send(QUERY).status == 302

    assert elsewhere.received == []


def test_proxies_and_netrc_of_the_environment_are_ignored(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other")
    monkeypatch.setenv("NETRC", str(netrc))
    with nobody() as dead, serving() as host:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, dead)
        assert connect(host.url).send(QUERY).status == 200

    assert host.received[0].headers["Authorization"] == "Basic " + base64.b64encode(b"hush-id:hush-secret").decode()


def test_no_cookie_is_kept(connect: Connect) -> None:
    with serving(lambda exchange: exchange.answer(200, Set_Cookie="a=b")) as host:
        transport = connect(host.url)
        transport.send(QUERY)
        transport.send(QUERY)

    assert all("Cookie" not in received.headers for received in host.received)


def test_a_connection_is_reused_for_the_next_call(connect: Connect) -> None:
    with serving() as host:
        transport = connect(host.url)
        for _ in range(3):
            transport.send(QUERY)

    assert len(host.ports_used) == 1


def test_a_connection_that_was_idle_for_too_long_is_replaced(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agora.connections.MAX_IDLE_SECONDS", 0.0)
    with serving() as host:
        transport = connect(host.url)
        for _ in range(3):
            transport.send(QUERY)

    assert len(host.ports_used) == 3


def test_a_connection_that_the_host_closed_is_replaced(connect: Connect) -> None:
    def respond_and_close(exchange: Exchange) -> None:
        exchange.answer(200)
        exchange.hang_up()

    with serving(respond_and_close) as host:
        transport = connect(host.url)
        transport.send(QUERY)
        wait_until_closed(transport)
        transport.send(QUERY)

    assert len(host.ports_used) == 2


def wait_until_closed(transport: HttpTransport) -> None:
    """Returns when the client's side of the idle connection has noticed that the host closed it."""
    pool = transport._session.get_adapter("http://").poolmanager.pools  # type: ignore[attr-defined]
    connection = pool[next(iter(pool.keys()))].pool.queue[-1]
    deadline = time.monotonic() + 60
    while connection.is_connected:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_response_that_ends_with_the_connection_is_read_completely(connect: Connect) -> None:
    def until_closed(exchange: Exchange) -> None:
        exchange.close_connection = True
        exchange.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + b'{"a": "' + b"x" * 100_000 + b'"}')

    with serving(until_closed) as host:
        assert len(connect(host.url).send(QUERY).body) == 100_009


def test_a_refused_connection_means_not_sent(connect: Connect) -> None:
    with nobody() as url, pytest.raises(NotSent, match=r"no connection to 127\.0\.0\.1:\d+: Connection refused"):
        connect(url).send(START)


def test_an_unknown_host_means_not_sent(connect: Connect) -> None:
    with pytest.raises(NotSent):
        connect(f"http://{'a' * 64}.example").send(START)


def test_a_failed_tls_handshake_means_not_sent(connect: Connect) -> None:
    with serving() as host, pytest.raises(NotSent, match="no TLS"):
        connect(host.url.replace("http:", "https:")).send(START)


def test_an_untrusted_certificate_means_not_sent(connect: Connect) -> None:
    with serving(tls=True) as host, pytest.raises(NotSent, match="its certificate is not accepted"):
        connect(host.url).send(START)

    assert host.received == []


def test_over_tls_a_connection_is_reused_and_the_deadline_holds(connect: Connect) -> None:
    def complete_twice_then_drip(exchange: Exchange) -> None:
        if len(host.received) < 3:
            return exchange.answer(200, b"{}")
        return exchange.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x")

    with serving(complete_twice_then_drip, tls=True) as host, AUTHORITY.cert_pem.tempfile() as bundle:
        transport = connect(host.url, ca_bundle=bundle)
        assert [transport.send(START).status for _ in range(2)] == [200, 200]
        with pytest.raises(NoAnswer, match="timed out"):
            transport.send(replace(START, timeout=0.2))

    assert len(host.ports_used) == 1


def test_a_tls_handshake_that_never_ends_means_not_sent(connect: Connect) -> None:
    with accepting_only() as host, pytest.raises(NotSent, match="timed out"):
        connect(f"https://{host}", timeouts=replace(PATIENT, connect=0.1)).send(START)


def test_a_connection_that_breaks_after_the_request_means_no_answer(connect: Connect) -> None:
    with serving(Exchange.hang_up) as host, pytest.raises(NoAnswer, match="the connection broke"):
        connect(host.url).send(START)

    assert len(host.received) == 1


def test_a_response_that_is_not_http_means_no_answer(connect: Connect) -> None:
    with (
        serving(lambda exchange: exchange.drip(b"220 mail.example ESMTP\r\n", b"")) as host,
        pytest.raises(NoAnswer),
    ):
        connect(host.url).send(START)


def test_a_truncated_body_means_no_answer(connect: Connect) -> None:
    def short(exchange: Exchange) -> None:
        exchange.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"sid"')
        exchange.hang_up()

    with serving(short) as host, pytest.raises(NoAnswer):
        connect(host.url).send(START)


def test_a_silent_host_is_given_up_after_the_read_timeout(connect: Connect) -> None:
    with serving(Exchange.keep_silent) as host, pytest.raises(NoAnswer, match="timed out"):
        connect(host.url, timeouts=replace(PATIENT, read=0.1)).send(START)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "chunks", "headers", "interim responses"],
)
def test_a_response_that_arrives_in_drops_is_given_up_at_the_deadline(
    connect: Connect, head: bytes, drop: bytes
) -> None:
    def complete_then_drip(exchange: Exchange) -> None:
        # The first call opens the connection, so the deadline of the second covers only the response.
        if len(host.received) < 2:
            return exchange.answer(200)
        return exchange.drip(head, drop)

    with serving(complete_then_drip) as host:
        transport = connect(host.url)
        transport.send(START)
        with pytest.raises(NoAnswer, match="timed out"):
            transport.send(replace(START, timeout=0.2))

    assert len(host.ports_used) == 1


def test_a_response_that_is_too_long_is_not_read_completely(connect: Connect) -> None:
    with (
        serving(lambda exchange: exchange.drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000_000)) as host,
        pytest.raises(NoAnswer),
    ):
        connect(host.url).send(START)


def test_after_an_unreachable_endpoint_the_next_call_goes_to_another(connect: Connect) -> None:
    with nobody() as dead, serving() as host:
        transport = connect(dead, host.url)
        with pytest.raises(NotSent):
            transport.send(START)
        assert len(host.received) == 0

        assert transport.send(START).status == 200


@pytest.mark.parametrize("script", [Exchange.hang_up, lambda exchange: exchange.answer(503)])
def test_after_two_faults_calls_go_to_the_next_endpoint_and_return_after_a_while(
    connect: Connect, script: Callable[[Exchange], None]
) -> None:
    clock = FakeTime()
    with serving(script) as first, serving() as second:
        transport = connect(first.url, second.url, monotonic=clock)
        for _ in range(3):
            try_once(transport)
        assert (len(first.received), len(second.received)) == (2, 1)

        first.script = lambda exchange: exchange.answer(200)
        clock.now += 60
        for _ in range(2):
            try_once(transport)
        assert (len(first.received), len(second.received)) == (4, 1)


def try_once(transport: HttpTransport) -> None:
    try:
        transport.send(QUERY)
    except NoAnswer:
        return


def test_a_rejected_request_is_no_fault_of_the_endpoint(connect: Connect) -> None:
    with serving(lambda exchange: exchange.answer(400)) as first, serving() as second:
        transport = connect(first.url, second.url)
        for _ in range(3):
            transport.send(QUERY)

    assert len(first.received) == 3


def test_a_call_is_paced_again_after_opening_a_connection(connect: Connect) -> None:
    paced: list[tuple[str, int]] = []
    with serving() as host:
        transport = connect(host.url, pace=lambda call: paced.append((call.operation, len(host.received))))
        transport.send(START)
        transport.send(QUERY)

    assert paced == [("start", 0), ("start", 0), ("query", 1)]


def test_waiting_for_a_turn_does_not_count_towards_the_deadline(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    skipped = 0.0

    def skip_more_than_the_timeout(_: Call) -> None:
        nonlocal skipped
        skipped += 2 * PATIENT.total

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + skipped)
    monkeypatch.setattr("agora.connections.time", clock)
    with serving() as host:
        assert connect(host.url, pace=skip_more_than_the_timeout).send(QUERY).status == 200
    assert skipped == 4 * PATIENT.total


def test_a_host_may_have_a_name_with_several_addresses(connect: Connect) -> None:
    with serving() as host:
        assert connect(host.url.replace("127.0.0.1", "localhost")).send(QUERY).status == 200


def test_many_threads_can_send_at_once(connect: Connect) -> None:
    barrier = threading.Barrier(32, timeout=60)

    def respond_to_all_at_once(exchange: Exchange) -> None:
        barrier.wait()
        exchange.answer(200, exchange.path.encode())

    with serving(respond_to_all_at_once) as host:
        transport = connect(host.url)
        bodies: dict[str, bytes] = {}

        def query(path: str) -> None:
            bodies[path] = transport.send(Call("query", "GET", path)).body

        threads = [threading.Thread(target=query, args=(f"/{number}",)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    assert bodies == {f"/{number}": f"/{number}".encode() for number in range(32)}


def test_a_call_is_logged_with_operation_host_and_status(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="agora")
    with serving(lambda exchange: exchange.answer(206)) as host:
        connect(host.url).send(START)

    [record] = caplog.records
    assert record.message.startswith(f"agora_call operation=start host={host.url.removeprefix('http://')} status=206 ")


def test_no_log_line_error_or_repr_contains_a_secret(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    shown: list[object] = []
    with nobody() as dead, serving(Exchange.hang_up) as host:
        for url in (dead, host.url):
            transport = connect(url)
            shown.append(transport)
            with pytest.raises((NotSent, NoAnswer)) as failed:
                transport.send(START)
            shown += [failed.value, failed.getrepr(), START]
    with serving(lambda exchange: exchange.answer(200, b"hush-answer")) as host:
        shown.append(connect(host.url).send(START))

    everything = caplog.text + "".join(f"{value!s}{value!r}" for value in shown)
    assert "hush" not in everything
    assert base64.b64encode(b"hush-id:hush-secret").decode() not in everything
