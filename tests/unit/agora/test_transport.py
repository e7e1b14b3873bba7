"""One request over a real wire."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agora.transport import Call, HttpResponse, HttpTransport
from recordings.errors import NoAnswer, NotSent
from tests.fakes.http_server import AUTHORITY, Exchange, accepting_only, nobody, serving
from tests.unit.agora.fakes import FakeTime

QUERY = Call("query", "GET", "/v1/query")
START = Call("start", "POST", "/v1/start", {"cname": "daily", "secretKey": "hush-storage"})
Connect = Callable[..., HttpTransport]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Transports with short timeouts that are closed afterwards."""
    made: list[HttpTransport] = []

    def build(*bases: str, **options: object) -> HttpTransport:
        timeouts = {"connect_timeout": 1.0, "read_timeout": 1.0, "total_timeout": 2.0} | options
        made.append(HttpTransport(bases, "hush-id", "hush-secret", **timeouts))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for transport in made:
        transport.close()


def test_a_call_carries_its_body_and_the_credentials(connect: Connect) -> None:
    with serving(lambda exchange: exchange.answer(200, b'{"sid": "1"}', X_Request_ID="r1")) as host:
        answer = connect(host.url).send(START)

    [received] = host.received
    assert (received.method, received.path, json.loads(received.body)) == ("POST", "/v1/start", START.json)
    assert received.headers["Authorization"] == "Basic " + base64.b64encode(b"hush-id:hush-secret").decode()
    assert received.headers["Content-Type"] == "application/json"
    assert (answer.status, answer.body, answer.headers["X-Request-ID"]) == (200, b'{"sid": "1"}', "r1")


def test_whoever_listens_hears_every_answer_and_no_silence(connect: Connect) -> None:
    on_response: list[HttpResponse] = []
    with serving(lambda exchange: exchange.answer(401)) as host, nobody() as nowhere:
        answer = connect(host.url, on_response=on_response.append).send(QUERY)
        with pytest.raises(NotSent):
            connect(nowhere, on_response=on_response.append).send(QUERY)

    assert on_response == [answer]
    assert "Date" in answer.headers


@pytest.mark.parametrize("status", [200, 201, 204, 206, 400, 401, 404, 429, 500, 503])
def test_every_status_is_an_answer(connect: Connect, status: int) -> None:
    with serving(lambda exchange: exchange.answer(status)) as host:
        assert connect(host.url).send(QUERY).status == status


def test_a_path_arrives_as_it_was_encoded(connect: Connect) -> None:
    path = "/dev/v1/channel/user/app/a%20b%3Fc%23d%25e%26%3D%2B~%5B%5D"
    with serving() as host:
        connect(host.url).send(Call("users", "GET", path))

    assert host.received[0].path == path


def test_a_redirect_is_an_answer_and_not_followed(connect: Connect) -> None:
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


def test_one_connection_serves_calls_one_after_the_other(connect: Connect) -> None:
    with serving() as host:
        transport = connect(host.url)
        for _ in range(3):
            transport.send(QUERY)

    assert len(host.ports_used) == 1


def test_a_connection_that_was_idle_for_long_is_replaced(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agora.connections.KEPT_SECONDS", 0.0)
    with serving() as host:
        transport = connect(host.url)
        for _ in range(3):
            transport.send(QUERY)

    assert len(host.ports_used) == 3


def test_a_connection_that_the_host_closed_meanwhile_is_replaced(connect: Connect) -> None:
    def last(exchange: Exchange) -> None:
        exchange.answer(200)
        exchange.hang_up()

    with serving(last) as host:
        transport = connect(host.url)
        transport.send(QUERY)
        wait_until_closed(transport)
        transport.send(QUERY)

    assert len(host.ports_used) == 2


def wait_until_closed(transport: HttpTransport) -> None:
    """Until the end of the connection has arrived here too."""
    pool = transport._session.get_adapter("http://").poolmanager.pools  # type: ignore[attr-defined]
    connection = pool[next(iter(pool.keys()))].pool.queue[-1]
    deadline = time.monotonic() + 5
    while connection.is_connected and time.monotonic() < deadline:
        time.sleep(0.001)


def test_an_answer_that_ends_with_the_connection_is_read_to_its_end(connect: Connect) -> None:
    def until_closed(exchange: Exchange) -> None:
        exchange.close_connection = True
        exchange.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + b'{"a": "' + b"x" * 100_000 + b'"}')

    with serving(until_closed) as host:
        assert len(connect(host.url).send(QUERY).body) == 100_009


def test_a_host_that_refuses_was_sent_nothing(connect: Connect) -> None:
    with nobody() as url, pytest.raises(NotSent, match=r"no connection to 127\.0\.0\.1:\d+: Connection refused"):
        connect(url).send(START)


def test_a_host_whose_name_cant_be_looked_up_was_sent_nothing(connect: Connect) -> None:
    with pytest.raises(NotSent):
        connect(f"http://{'a' * 64}.example").send(START)


def test_a_failed_tls_handshake_means_that_nothing_was_sent(connect: Connect) -> None:
    with serving() as host, pytest.raises(NotSent, match="no TLS"):
        connect(host.url.replace("http:", "https:")).send(START)


def test_a_certificate_that_is_not_trusted_means_that_nothing_was_sent(connect: Connect) -> None:
    with serving(tls=True) as host, pytest.raises(NotSent, match="its certificate is not accepted"):
        connect(host.url).send(START)

    assert host.received == []


def test_calls_go_over_tls_and_keep_their_connection_and_their_deadline(connect: Connect) -> None:
    def first_whole_then_in_drops(exchange: Exchange) -> None:
        if len(host.received) < 3:
            return exchange.answer(200, b"{}")
        return exchange.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x")

    with serving(first_whole_then_in_drops, tls=True) as host, AUTHORITY.cert_pem.tempfile() as bundle:
        transport = connect(host.url, ca_bundle=bundle, total_timeout=0.5)
        assert [transport.send(START).status for _ in range(2)] == [200, 200]
        with pytest.raises(NoAnswer, match="timed out"):
            transport.send(START)

    assert len(host.ports_used) == 1


def test_a_tls_handshake_that_never_ends_means_that_nothing_was_sent(connect: Connect) -> None:
    with accepting_only() as host, pytest.raises(NotSent, match="timed out"):
        connect(f"https://{host}", connect_timeout=0.1).send(START)


def test_a_connection_that_breaks_after_the_request_leaves_open_whether_it_was_carried_out(connect: Connect) -> None:
    with serving(Exchange.hang_up) as host, pytest.raises(NoAnswer, match="the connection broke"):
        connect(host.url).send(START)

    assert len(host.received) == 1


def test_what_is_not_http_is_no_answer(connect: Connect) -> None:
    with (
        serving(lambda exchange: exchange.drip(b"220 mail.example ESMTP\r\n", b"")) as host,
        pytest.raises(NoAnswer),
    ):
        connect(host.url).send(START)


def test_a_body_that_is_cut_short_is_no_answer(connect: Connect) -> None:
    def short(exchange: Exchange) -> None:
        exchange.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"sid"')
        exchange.hang_up()

    with serving(short) as host, pytest.raises(NoAnswer):
        connect(host.url).send(START)


def test_a_host_that_says_nothing_is_given_up_after_the_read_timeout(connect: Connect) -> None:
    with serving(Exchange.keep_silent) as host, pytest.raises(NoAnswer, match="timed out"):
        connect(host.url, read_timeout=0.1, total_timeout=30).send(START)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "chunks", "headers", "interim answers"],
)
def test_an_answer_that_trickles_in_is_given_up_at_the_deadline(connect: Connect, head: bytes, drop: bytes) -> None:
    with serving(lambda exchange: exchange.drip(head, drop)) as host:
        began = time.monotonic()
        with pytest.raises(NoAnswer, match="timed out"):
            connect(host.url, total_timeout=0.2).send(START)

        assert time.monotonic() - began < 1.5


def test_an_answer_too_long_to_be_agoras_is_not_read_to_its_end(connect: Connect) -> None:
    with (
        serving(lambda exchange: exchange.drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000_000)) as host,
        pytest.raises(NoAnswer),
    ):
        connect(host.url).send(START)


def test_the_call_after_one_that_reached_nobody_goes_to_the_next_base(connect: Connect) -> None:
    with nobody() as dead, serving() as host:
        transport = connect(dead, host.url)
        with pytest.raises(NotSent):
            transport.send(START)
        assert len(host.received) == 0

        assert transport.send(START).status == 200


@pytest.mark.parametrize("script", [Exchange.hang_up, lambda exchange: exchange.answer(503)])
def test_after_two_calls_without_a_usable_answer_the_next_base_is_asked_and_later_the_first_again(
    connect: Connect, script: Callable[[Exchange], None]
) -> None:
    moment = FakeTime()
    with serving(script) as first, serving() as second:
        transport = connect(first.url, second.url, return_after=60.0, monotonic=moment)
        for _ in range(3):
            try_once(transport)
        assert (len(first.received), len(second.received)) == (2, 1)

        first.script = lambda exchange: exchange.answer(200)
        moment.now += 60
        for _ in range(2):
            try_once(transport)
        assert (len(first.received), len(second.received)) == (4, 1)


def try_once(transport: HttpTransport) -> None:
    try:
        transport.send(QUERY)
    except NoAnswer:
        return


def test_a_refusal_is_a_usable_answer(connect: Connect) -> None:
    with serving(lambda exchange: exchange.answer(400)) as first, serving() as second:
        transport = connect(first.url, second.url)
        for _ in range(3):
            transport.send(QUERY)

    assert len(first.received) == 3


def test_every_call_waits_for_its_turn_and_again_once_a_connection_is_up(connect: Connect) -> None:
    paced: list[tuple[str, int]] = []
    with serving() as host:
        transport = connect(host.url, pace=lambda call: paced.append((call.operation, len(host.received))))
        transport.send(START)
        transport.send(QUERY)

    assert paced == [("start", 0), ("start", 0), ("query", 1)]


def test_waiting_for_a_turn_takes_none_of_the_calls_time(connect: Connect) -> None:
    with serving() as host:
        transport = connect(host.url, total_timeout=0.2, pace=lambda _: time.sleep(0.25))

        assert transport.send(QUERY).status == 200


def test_a_host_may_be_known_by_a_name_with_several_addresses(connect: Connect) -> None:
    with serving() as host:
        assert connect(host.url.replace("127.0.0.1", "localhost")).send(QUERY).status == 200


def test_many_threads_can_call_at_once(connect: Connect) -> None:
    everybody = threading.Barrier(32, timeout=5)

    def together(exchange: Exchange) -> None:
        everybody.wait()
        exchange.answer(200, exchange.path.encode())

    with serving(together) as host:
        transport = connect(host.url, read_timeout=5.0, total_timeout=5.0)
        found: dict[str, bytes] = {}

        def ask(path: str) -> None:
            found[path] = transport.send(Call("query", "GET", path)).body

        threads = [threading.Thread(target=ask, args=(f"/{number}",)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    assert found == {f"/{number}": f"/{number}".encode() for number in range(32)}


def test_a_call_is_logged_by_its_name_status_and_time(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="agora")
    with serving(lambda exchange: exchange.answer(206)) as host:
        connect(host.url).send(START)

    [record] = caplog.records
    assert record.message.startswith(f"agora_call operation=start host={host.url.removeprefix('http://')} status=206 ")


def test_neither_logs_nor_errors_nor_reprs_hold_a_secret(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    said: list[object] = []
    with nobody() as dead, serving(Exchange.hang_up) as host:
        for url in (dead, host.url):
            transport = connect(url)
            said.append(transport)
            with pytest.raises((NotSent, NoAnswer)) as failed:
                transport.send(START)
            said += [failed.value, failed.getrepr(), START]
    with serving(lambda exchange: exchange.answer(200, b"hush-answer")) as host:
        said.append(connect(host.url).send(START))

    everything = caplog.text + "".join(f"{one!s}{one!r}" for one in said)
    assert "hush" not in everything
    assert base64.b64encode(b"hush-id:hush-secret").decode() not in everything
