"""Socket Mode, with a plain WebSocket client."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

from simulator.slack import SlackOptions, SlackServer, SlackSimulator

Json = dict[str, Any]


class HandshakeRefused(Exception):
    pass


class ConnectionClosed(Exception):
    pass


class Client:
    """A WebSocket client that does nothing by itself."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.sock = socket.create_connection((parts.hostname, parts.port), timeout=5)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        request = Request(host=parts.netloc, target=f"{parts.path}?{parts.query}")
        self.sock.sendall(self._protocol.send(request))
        self._events = self._read()
        if not isinstance(next(self._events), AcceptConnection):
            self.sock.close()
            raise HandshakeRefused

    def _read(self) -> Iterator[Any]:
        while data := self.sock.recv(4096):
            self._protocol.receive_data(data)
            yield from self._protocol.events()

    def receive(self) -> Json:
        for event in self._events:
            if isinstance(event, TextMessage):
                frame = json.loads(event.data)
                assert isinstance(frame, dict)
                return frame
            if isinstance(event, CloseConnection):
                self.sock.sendall(self._protocol.send(event.response()))
                self.sock.close()
                raise ConnectionClosed
        raise ConnectionClosed

    def send(self, frame: Json) -> None:
        self.sock.sendall(self._protocol.send(TextMessage(data=json.dumps(frame))))

    def ping(self, words: bytes) -> None:
        self.sock.sendall(self._protocol.send(Ping(payload=words)))

    def close(self) -> None:
        self.sock.close()


Connect = Callable[[], Client]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(SlackSimulator(SlackOptions(rate_limits=False, event_retry_seconds=(0, 0, 0)))) as server:
        ana = server.simulator.add_person("ana")
        server.simulator.add_channel("daily", [ana])
        yield server


@pytest.fixture
def slack(server: SlackServer) -> SlackSimulator:
    return server.simulator


@pytest.fixture
def connect(slack: SlackSimulator) -> Iterator[Connect]:
    clients: list[Client] = []

    def open_one() -> Client:
        clients.append(Client(ticket(slack)))
        return clients[-1]

    yield open_one
    for client in clients:
        client.close()


def ticket(slack: SlackSimulator) -> str:
    answer = WebClient(base_url=slack.url).apps_connections_open(app_token=slack.app_token)
    return str(answer["url"])


def greeted(connect: Connect) -> Client:
    client = connect()
    assert client.receive()["type"] == "hello"
    return client


def acknowledge(client: Client, payload: Any = None) -> Json:
    envelope = client.receive()
    client.send({"envelope_id": envelope["envelope_id"], **({"payload": payload} if payload else {})})
    return envelope


def type_command(slack: SlackSimulator, **more: Any) -> Any:
    return slack.person("ana").command("/record", "status", channel="daily", wait=False, **more)


def test_a_connection_starts_with_hello(slack: SlackSimulator, connect: Connect) -> None:
    connect()
    hello = connect().receive()

    assert (hello["type"], hello["num_connections"]) == ("hello", 2)
    assert hello["connection_info"]["app_id"] == slack.workspace.app_id
    assert hello["debug_info"]["approximate_connection_time"] == 18060


def test_a_ticket_opens_one_connection_only(slack: SlackSimulator) -> None:
    url = ticket(slack)
    client = Client(url)

    with pytest.raises(HandshakeRefused):
        Client(url)
    client.close()


def test_an_unknown_ticket_is_refused(slack: SlackSimulator) -> None:
    with pytest.raises(HandshakeRefused):
        Client(ticket(slack).replace("ticket=", "ticket=0"))


def test_an_eleventh_connection_is_refused(server: SlackServer, connect: Connect) -> None:
    for _ in range(10):
        greeted(connect)

    assert connect().receive() | {"debug_info": {}} == {
        "type": "disconnect",
        "reason": "too_many_websockets",
        "debug_info": {},
    }
    assert len(server.connections) == 10


def test_a_command_goes_to_one_connection_and_its_acknowledgement_is_the_reply(
    slack: SlackSimulator, connect: Connect
) -> None:
    client = greeted(connect)
    command = type_command(slack)
    envelope = acknowledge(client, {"text": "recording"})
    command.wait()

    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert command.acknowledged
    assert 0 <= command.latency < 3
    assert (command.reply.text, command.reply.ephemeral_to, command.error) == (
        "recording",
        slack.person("ana").id,
        None,
    )


def test_the_slash_payload_has_every_field(slack: SlackSimulator, connect: Connect) -> None:
    client = greeted(connect)
    type_command(slack)
    payload = client.receive()["payload"]

    expected = "token team_id team_domain channel_id channel_name user_id user_name command text api_app_id"
    assert set(expected.split()) | {"is_enterprise_install", "response_url", "trigger_id"} == set(payload)
    assert (payload["command"], payload["text"], payload["channel_name"]) == ("/record", "status", "daily")
    assert (payload["user_name"], payload["is_enterprise_install"]) == ("ana", "false")


def test_connections_take_turns(slack: SlackSimulator, connect: Connect) -> None:
    clients = [greeted(connect), greeted(connect)]
    for _ in range(4):
        type_command(slack)

    assert [len([client.receive() for _ in range(2)]) for client in clients] == [2, 2]


def test_a_command_can_be_sent_to_a_connection_of_choice(
    server: SlackServer, slack: SlackSimulator, connect: Connect
) -> None:
    greeted(connect)
    second = greeted(connect)
    for _ in range(3):
        type_command(slack, connection=server.connections[1].id)

    assert [second.receive()["type"] for _ in range(3)] == ["slash_commands"] * 3


def test_without_an_acknowledgement_the_person_sees_a_timeout(slack: SlackSimulator, connect: Connect) -> None:
    slack.dispatcher.ack_seconds = 0.1
    client = greeted(connect)
    command = type_command(slack).wait()

    assert (command.error, command.acknowledged, command.latency) == ("operation_timeout", False, None)

    acknowledge(client, {"text": "too late"})
    slack.wait_for(lambda: command.delivery.late)
    assert (command.error, command.acknowledged, command.reply) == ("operation_timeout", False, None)
    assert command.latency > 0.1


def test_without_a_connection_the_dispatch_fails_at_once(slack: SlackSimulator) -> None:
    assert type_command(slack).error == "dispatch_failed"


def test_a_reply_that_slack_cannot_show_is_an_error(slack: SlackSimulator, connect: Connect) -> None:
    client = greeted(connect)
    command = type_command(slack)
    acknowledge(client, {"text": "x", "blocks": [{"type": "nonsense"}]})

    assert (command.wait().error, command.reply) == ("invalid_command_response", None)


def test_an_envelope_can_be_delivered_twice(slack: SlackSimulator, connect: Connect) -> None:
    client = greeted(connect)
    command = type_command(slack)
    first = acknowledge(client)
    command.wait()

    again = slack.dispatcher.send("slash_commands", command.payload, envelope_id=command.delivery.envelope_id)
    assert acknowledge(client) == first
    slack.dispatcher.wait(again)
    assert again.acknowledged


def test_an_event_is_repeated_until_it_is_acknowledged(slack: SlackSimulator, connect: Connect) -> None:
    slack.dispatcher.ack_seconds = 0.1
    client = greeted(connect)
    deliveries = slack.send_event({"type": "app_home_opened", "user": "U1"})

    attempts = [client.receive() for _ in range(3)]
    attempts.append(acknowledge(client))

    assert [frame["retry_attempt"] for frame in attempts] == [0, 1, 2, 3]
    assert len({frame["envelope_id"] for frame in attempts}) == 1
    assert attempts[1]["retry_reason"] == "timeout"
    assert attempts[0]["payload"]["event"]["type"] == "app_home_opened"
    slack.wait_for(lambda: deliveries[-1].latency is not None)
    assert len(deliveries) == 4


def test_any_payload_can_be_sent(slack: SlackSimulator, connect: Connect) -> None:
    client = greeted(connect)
    delivery = slack.send_envelope("interactive", {"type": "shortcut"}, wait=False)

    assert acknowledge(client)["payload"] == {"type": "shortcut"}
    slack.dispatcher.wait(delivery)
    assert delivery.acknowledged


def test_an_unexpected_frame_is_kept(slack: SlackSimulator, connect: Connect) -> None:
    greeted(connect).send({"envelope_id": "unknown"})

    slack.wait_for(lambda: slack.dispatcher.unexpected)
    assert slack.dispatcher.unexpected[0]["envelope_id"] == "unknown"


def test_a_refresh_asks_to_reconnect_and_drains_the_connection(
    server: SlackServer, slack: SlackSimulator, connect: Connect
) -> None:
    old = greeted(connect)
    server.sockets.refresh()
    assert old.receive()["reason"] == "refresh_requested"
    type_command(slack)
    assert old.receive()["type"] == "slash_commands"

    new = greeted(connect)
    for _ in range(2):
        type_command(slack)
    assert [new.receive()["type"] for _ in range(2)] == ["slash_commands"] * 2


def test_a_warning_drains_nothing(server: SlackServer, connect: Connect) -> None:
    client = greeted(connect)
    server.sockets.refresh(reason="warning")

    assert client.receive()["reason"] == "warning"
    assert not server.connections[0].draining


def test_a_refreshed_connection_is_closed_after_a_while(server: SlackServer, connect: Connect) -> None:
    server.sockets.drain_seconds = 0.05
    client = greeted(connect)
    server.sockets.refresh()
    client.receive()

    with pytest.raises(ConnectionClosed):
        client.receive()


def test_a_close_frame_ends_a_connection(server: SlackServer, slack: SlackSimulator, connect: Connect) -> None:
    client = greeted(connect)
    server.sockets.close()

    with pytest.raises(ConnectionClosed):
        client.receive()
    slack.wait_for(lambda: not server.connections)
    assert server.sockets.connections[0].socket.ended_by == "close frame"


def test_a_pong_echoes_its_ping(connect: Connect) -> None:
    client = greeted(connect)
    client.ping(b"session:1")

    assert client.sock.recv(100) == bytes([0x8A, 9]) + b"session:1"


def test_a_reset_comes_without_a_close_frame(server: SlackServer, slack: SlackSimulator, connect: Connect) -> None:
    client = greeted(connect)
    server.sockets.reset()

    with pytest.raises(ConnectionResetError):
        client.sock.recv(100)
    slack.wait_for(lambda: not server.connections)


def test_a_dropped_connection_ends_without_a_close_frame(server: SlackServer, connect: Connect) -> None:
    client = greeted(connect)
    server.sockets.drop()

    assert client.sock.recv(100) == b""


def test_a_silent_connection_loses_everything_and_seems_open(
    server: SlackServer, slack: SlackSimulator, connect: Connect
) -> None:
    slack.dispatcher.ack_seconds = 0.1
    client = greeted(connect)
    server.sockets.silence()
    client.ping(b"anybody?")

    assert type_command(slack).wait().error == "operation_timeout"
    client.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.sock.recv(100)
    assert [connection.open for connection in server.sockets.connections] == [True]

    client.close()
    slack.wait_for(lambda: not server.connections)


def test_slack_closes_a_connection_that_answers_no_ping(
    server: SlackServer, slack: SlackSimulator, connect: Connect
) -> None:
    server.sockets.ping_seconds = 0.05
    client = greeted(connect)

    assert client.sock.recv(100)[:1] == bytes([0x89])
    slack.wait_for(lambda: not server.connections)
    assert server.sockets.connections[0].socket.ended_by == "no pong from the client"


def test_a_handshake_can_fail(slack: SlackSimulator, connect: Connect) -> None:
    slack.faults.add("socket", status=503, times=1)

    with pytest.raises(HandshakeRefused):
        connect()
    greeted(connect)


def test_an_outage_closes_connections_and_a_new_one_opens_afterwards(
    server: SlackServer, slack: SlackSimulator, connect: Connect
) -> None:
    greeted(connect)
    slack.down()
    slack.wait_for(lambda: not server.connections)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))

    slack.up()
    greeted(connect)


def test_stopping_ends_every_connection(server: SlackServer, connect: Connect) -> None:
    client = greeted(connect)
    began = time.monotonic()
    server.stop()

    with pytest.raises(ConnectionClosed):
        client.receive()
    assert time.monotonic() - began < 2
