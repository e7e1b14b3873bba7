"""The simulated Web API, called by the real slack_sdk."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from simulator.clock import ManualClock
from simulator.slack import Channel, Person, SlackOptions, SlackServer, SlackSimulator
from simulator.slack.http import Response

Json = dict[str, Any]
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "words"}}
METADATA = {"event_type": "recording_card", "event_payload": {"state": "starting", "parts": 1, "nested": {"a": True}}}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(SlackSimulator(SlackOptions(rate_limits=False))) as server:
        yield server


@pytest.fixture
def slack(server: SlackServer) -> SlackSimulator:
    return server.simulator


@pytest.fixture
def ana(slack: SlackSimulator) -> Person:
    return slack.add_person("ana", tz="Europe/Madrid")


@pytest.fixture
def daily(slack: SlackSimulator, ana: Person) -> Channel:
    return slack.add_channel("daily", [ana])


@pytest.fixture
def client(slack: SlackSimulator) -> WebClient:
    return client_of(slack)


def client_of(slack: SlackSimulator, token: str | None = None, timeout: int = 5) -> WebClient:
    return WebClient(token=token or slack.bot_token, base_url=slack.url, timeout=timeout, retry_handlers=[])


def error_of(call: Any, *args: Any, **arguments: Any) -> Json:
    with pytest.raises(SlackApiError) as caught:
        call(*args, **arguments)
    answer = caught.value.response
    return {**answer.data, "status": answer.status_code, "headers": answer.headers}


def raw(slack: SlackSimulator, method: str, body: str, content_type: str, token: str | None = None) -> Json:
    connection = http.client.HTTPConnection(urlsplit(slack.base_url).netloc, timeout=5)
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {token or slack.bot_token}"}
    connection.request("POST", f"/api/{method}", body.encode(), headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert isinstance(answer, dict)
    return answer


class TestWhoMayCall:
    def test_auth_test_returns_the_bot_and_its_scopes(self, slack: SlackSimulator, client: WebClient) -> None:
        answer = client.auth_test()

        assert answer["user_id"] == slack.bot.id
        assert answer.headers["x-oauth-scopes"].split(",") == slack.scopes

    def test_an_unknown_token_is_refused(self, slack: SlackSimulator) -> None:
        assert error_of(client_of(slack, "xoxb-other").auth_test)["error"] == "invalid_auth"

    def test_no_token_is_refused(self, slack: SlackSimulator) -> None:
        assert raw(slack, "auth.test", "", "application/json", token=" ")["error"] == "not_authed"

    def test_each_token_is_for_its_own_methods(self, slack: SlackSimulator, client: WebClient) -> None:
        assert error_of(client.apps_connections_open, app_token=slack.bot_token)["error"] == "not_allowed_token_type"
        assert error_of(client_of(slack, slack.app_token).auth_test)["error"] == "not_allowed_token_type"

    def test_a_missing_scope_is_named(self, slack: SlackSimulator, daily: Channel, client: WebClient) -> None:
        slack.scopes[:] = ["commands"]

        answer = error_of(client.chat_postMessage, channel=daily.id, text="x")

        assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "commands")

    def test_an_unknown_method_is_an_error(self, client: WebClient) -> None:
        assert error_of(client.api_call, "chat.shout")["error"] == "unknown_method"

    @pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
    def test_an_empty_body_is_accepted(self, slack: SlackSimulator, kind: str) -> None:
        assert raw(slack, "auth.test", "", kind)["ok"]

    def test_forms_carry_blocks_and_metadata_as_json(self, slack: SlackSimulator, daily: Channel) -> None:
        form = {"channel": daily.id, "text": "x", "blocks": json.dumps([SECTION]), "metadata": json.dumps(METADATA)}
        client_of(slack).api_call("chat.postMessage", params=form)
        client_of(slack).api_call("chat.postMessage", data=form, files={"unused": b""})

        assert [m.event_type for m in slack.messages("daily")] == ["recording_card"] * 2
        assert all(m.blocks for m in slack.messages("daily"))

    def test_invalid_json_is_an_error(self, slack: SlackSimulator) -> None:
        assert raw(slack, "chat.postMessage", "{", "application/json")["error"] == "invalid_json"

    def test_every_call_is_logged(self, slack: SlackSimulator, daily: Channel, client: WebClient) -> None:
        client.chat_postMessage(channel=daily.id, text="x")
        error_of(client.chat_postMessage, channel="C404", text="x")

        assert [(c.method, c.outcome) for c in slack.calls] == [
            ("chat.postMessage", "ok"),
            ("chat.postMessage", "channel_not_found"),
        ]
        assert slack.calls_of("chat.postMessage", channel=daily.id)[0].arguments["text"] == "x"
        assert slack.calls[0].token == slack.bot_token


class TestPosting:
    def test_a_post_appears_in_its_channel_with_its_metadata(
        self, slack: SlackSimulator, daily: Channel, client: WebClient
    ) -> None:
        answer = client.chat_postMessage(channel=daily.id, text="card", blocks=[SECTION], metadata=METADATA)

        (message,) = slack.messages("daily")
        assert (message.ts, message.text, message.said) == (answer["ts"], "card", "words")
        assert message.metadata == METADATA == answer["message"]["metadata"]

    def test_a_private_channel_without_the_bot_is_not_found(
        self, slack: SlackSimulator, ana: Person, client: WebClient
    ) -> None:
        secret = slack.add_channel("secret", [ana], private=True, bot=False)

        assert error_of(client.chat_postMessage, channel=secret.id, text="x")["error"] == "channel_not_found"

        slack.invite_bot(secret)
        assert client.chat_postMessage(channel=secret.id, text="x")["ok"]

    def test_a_public_channel_without_the_bot_needs_a_scope(
        self, slack: SlackSimulator, ana: Person, client: WebClient
    ) -> None:
        public = slack.add_channel("public", [ana], bot=False)
        assert client.chat_postMessage(channel=public.id, text="x")["ok"]

        slack.scopes.remove("chat:write.public")

        assert error_of(client.chat_postMessage, channel=public.id, text="x")["error"] == "not_in_channel"

    def test_nothing_can_be_posted_or_edited_in_an_archived_channel(
        self, slack: SlackSimulator, daily: Channel, client: WebClient
    ) -> None:
        ts = client.chat_postMessage(channel=daily.id, text="x")["ts"]
        slack.archive("daily")

        assert error_of(client.chat_postMessage, channel=daily.id, text="x")["error"] == "is_archived"
        assert error_of(client.chat_update, channel=daily.id, ts=ts, text="y")["error"] == "is_archived"

    @pytest.mark.filterwarnings("ignore:The top-level `text` argument")
    def test_a_message_needs_text_or_blocks(self, daily: Channel, client: WebClient) -> None:
        assert error_of(client.chat_postMessage, channel=daily.id, text="")["error"] == "no_text"
        assert client.chat_postMessage(channel=daily.id, blocks=[SECTION])["ok"]
        assert error_of(client.chat_postMessage, channel="", text="x")["error"] == "invalid_arguments"

    def test_a_long_text_is_truncated(self, slack: SlackSimulator, daily: Channel, client: WebClient) -> None:
        client.chat_postMessage(channel=daily.id, text="x" * 40_001)

        assert len(slack.messages("daily")[0].text) == 40_000

    def test_invalid_blocks_are_refused_with_their_path(self, daily: Channel, client: WebClient) -> None:
        wrong = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]

        answer = error_of(client.chat_postMessage, channel=daily.id, text="x", blocks=wrong)

        assert answer["error"] == "invalid_blocks"
        assert "[json-pointer:/blocks/0/text/text]" in answer["response_metadata"]["messages"][0]
        long = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5
        answer = error_of(client.chat_postMessage, channel=daily.id, text="x", blocks=long)
        assert answer["error"] == "msg_blocks_too_long"

    @pytest.mark.parametrize(
        "metadata",
        [
            {"event_type": "with space", "event_payload": {}},
            {"event_type": "card", "event_payload": {"sid": None}},
            {"event_type": "card", "event_payload": {"deep": {"sid": None}}},
            {"event_type": "card"},
        ],
    )
    def test_invalid_metadata_is_dropped_with_a_warning(
        self, slack: SlackSimulator, daily: Channel, client: WebClient, metadata: Json
    ) -> None:
        answer = client.chat_postMessage(channel=daily.id, text="x", metadata=metadata)

        assert answer["response_metadata"]["warnings"] == ["invalid_metadata_schema"]
        assert slack.messages("daily")[0].metadata is None

    def test_a_reply_is_in_its_thread_and_can_be_broadcast_to_the_channel(
        self, slack: SlackSimulator, daily: Channel, client: WebClient
    ) -> None:
        card = client.chat_postMessage(channel=daily.id, text="card")["ts"]
        client.chat_postMessage(channel=daily.id, text="quiet", thread_ts=card)
        client.chat_postMessage(channel=daily.id, text="loud", thread_ts=card, reply_broadcast=True)

        replies = slack.messages("daily", thread_ts=card)
        assert [(m.text, m.broadcast) for m in replies] == [("quiet", False), ("loud", True)]

    def test_an_ephemeral_message_is_seen_by_one_person(
        self, slack: SlackSimulator, ana: Person, daily: Channel, client: WebClient
    ) -> None:
        ben = slack.add_person("ben")
        client.chat_postEphemeral(channel=daily.id, user=ana.id, text="psst")

        assert [m.text for m in ana.ephemerals("daily")] == ["psst"]
        assert slack.messages("daily") == []
        answer = error_of(client.chat_postEphemeral, channel=daily.id, user=ben.id, text="psst")
        assert answer["error"] == "user_not_in_channel"

    def test_a_person_gets_direct_messages(self, slack: SlackSimulator, ana: Person, client: WebClient) -> None:
        opened = client.conversations_open(users=[ana.id])["channel"]["id"]
        client.chat_postMessage(channel=opened, text="one")
        client.chat_postMessage(channel=ana.id, text="two")

        assert [m.text for m in slack.messages(ana.direct)] == ["one", "two"]

    def test_a_permalink_leads_to_the_message(self, daily: Channel, client: WebClient) -> None:
        ts = client.chat_postMessage(channel=daily.id, text="x")["ts"]

        link = client.chat_getPermalink(channel=daily.id, message_ts=ts)["permalink"]

        assert link.endswith(f"/archives/{daily.id}/p{ts.replace('.', '')}")


class TestEditing:
    def test_an_update_of_the_text_removes_blocks_and_keeps_metadata(
        self, slack: SlackSimulator, daily: Channel, client: WebClient
    ) -> None:
        ts = client.chat_postMessage(channel=daily.id, text="a", blocks=[SECTION], metadata=METADATA)["ts"]
        client.chat_update(channel=daily.id, ts=ts, text="b")

        (message,) = slack.messages("daily")
        assert (message.text, message.blocks, message.metadata) == ("b", [], METADATA)
        assert [(v.text, bool(v.blocks)) for v in message.edits] == [("a", True)]

    def test_an_update_of_the_metadata_keeps_blocks(
        self, slack: SlackSimulator, daily: Channel, client: WebClient
    ) -> None:
        ts = client.chat_postMessage(channel=daily.id, text="a", blocks=[SECTION])["ts"]
        client.api_call("chat.update", json={"channel": daily.id, "ts": ts, "metadata": METADATA})

        (message,) = slack.messages("daily")
        assert (message.text, bool(message.blocks), message.metadata) == ("a", True, METADATA)

    def test_a_text_over_4000_characters_is_refused(self, daily: Channel, client: WebClient) -> None:
        ts = client.chat_postMessage(channel=daily.id, text="a")["ts"]

        assert client.chat_update(channel=daily.id, ts=ts, text="x" * 4000)["ok"]
        assert error_of(client.chat_update, channel=daily.id, ts=ts, text="x" * 4001)["error"] == "msg_too_long"

    def test_only_existing_messages_of_the_bot_can_be_edited(
        self, slack: SlackSimulator, ana: Person, daily: Channel, client: WebClient
    ) -> None:
        theirs = ana.say("daily", "hello")
        ts = client.chat_postMessage(channel=daily.id, text="a")["ts"]
        slack.delete_message(slack.find_messages("daily", contains="a")[-1])

        assert error_of(client.chat_update, channel=daily.id, ts=theirs.ts, text="b")["error"] == "cant_update_message"
        assert error_of(client.chat_delete, channel=daily.id, ts=theirs.ts)["error"] == "cant_delete_message"
        assert error_of(client.chat_update, channel=daily.id, ts=ts, text="b")["error"] == "message_not_found"

    def test_a_deleted_message_is_gone(self, slack: SlackSimulator, daily: Channel, client: WebClient) -> None:
        ts = client.chat_postMessage(channel=daily.id, text="a")["ts"]
        client.chat_delete(channel=daily.id, ts=ts)

        assert slack.messages("daily") == []
        assert [m.text for m in slack.messages("daily", deleted=True)] == ["a"]


class TestLooking:
    def test_a_channel_shows_whether_the_bot_is_a_member(
        self, slack: SlackSimulator, ana: Person, daily: Channel, client: WebClient
    ) -> None:
        other = slack.add_channel("other", [ana], bot=False, archived=True)

        assert client.conversations_info(channel=daily.id)["channel"]["is_member"] is True
        shown = client.conversations_info(channel=other.id)["channel"]
        assert (shown["is_member"], shown["is_archived"], shown["name"]) == (False, True, "other")
        assert client.conversations_members(channel=daily.id)["members"] == sorted([ana.id, slack.bot.id])

    def test_private_channels_need_a_scope_of_their_own(
        self, slack: SlackSimulator, ana: Person, client: WebClient
    ) -> None:
        private = slack.add_channel("private", [ana], private=True)
        slack.scopes.remove("groups:read")

        assert error_of(client.conversations_info, channel=private.id)["needed"] == "groups:read"

    def test_a_person_has_a_time_zone_and_may_be_a_guest(self, slack: SlackSimulator, client: WebClient) -> None:
        gus = slack.add_person("gus", tz="Asia/Tokyo", guest=True)

        user = client.users_info(user=gus.id)["user"]

        assert (user["tz"], user["is_restricted"], user["name"]) == ("Asia/Tokyo", True, "gus")
        assert error_of(client.users_info, user="U404")["error"] == "user_not_found"

    def test_guests_and_people_of_other_teams_are_distinguished(self, slack: SlackSimulator, client: WebClient) -> None:
        one = slack.add_person("one", single_channel_guest=True)
        shared = slack.add_person("shared", team_id="T9")
        stranger = slack.add_person("stranger", team_id="T9", stranger=True)
        home = client.auth_test()["team_id"]

        def told(user: str) -> tuple[object, ...]:
            found = client.users_info(user=user)["user"]
            names = ("team_id", "is_restricted", "is_ultra_restricted", "is_stranger")
            return tuple(found.get(name) for name in names)

        assert told(one.id) == (home, True, True, None)
        assert told(shared.id) == ("T9", False, False, None)
        assert told(stranger.id) == ("T9", False, False, True)

    def test_admins_and_owners_are_marked(self, slack: SlackSimulator, client: WebClient) -> None:
        people = slack.add_person("cho"), slack.add_person("dee", admin=True), slack.add_person("eve", owner=True)

        told = [client.users_info(user=person.id)["user"] for person in people]

        assert [(user["is_admin"], user["is_owner"]) for user in told] == [(False, False), (True, False), (False, True)]

    def test_the_bot_can_look_itself_up(self, client: WebClient) -> None:
        assert client.bots_info(bot=client.auth_test()["bot_id"])["bot"]["name"] == "Recorder"


class TestRates:
    """In one process, with a clock that the tests move."""

    def test_a_channel_takes_a_short_burst_and_then_one_post_a_second(self) -> None:
        clock = ManualClock()
        slack = SlackSimulator(SlackOptions(post_burst=3), clock=clock)
        daily, other = slack.add_channel("daily").id, slack.add_channel("other").id

        assert [post(slack, daily)[0] for _ in range(4)] == [200, 200, 200, 429]
        assert post(slack, daily) == (429, "ratelimited", "1")
        assert post(slack, other)[0] == 200
        clock.advance(1)
        assert [post(slack, daily)[0] for _ in range(2)] == [200, 429]
        slack.rates.enabled = False
        assert post(slack, daily)[0] == 200

    def test_other_methods_have_a_number_of_calls_a_minute(self) -> None:
        clock = ManualClock()
        slack = SlackSimulator(clock=clock)
        channel = slack.add_channel("daily").id
        ts = called(slack, "chat.postMessage", channel=channel, text="x").json["ts"]

        statuses = [called(slack, "chat.update", channel=channel, ts=ts, text="x").status for _ in range(51)]

        assert statuses == [200] * 50 + [429]
        clock.advance(1.2)
        assert called(slack, "chat.update", channel=channel, ts=ts, text="x").status == 200


def called(slack: SlackSimulator, method: str, **params: Any) -> Response:
    response = slack.call(method, params, slack.bot_token)
    assert response is not None
    return response


def post(slack: SlackSimulator, channel: str) -> tuple[int, str | None, str | None]:
    """Status, error and Retry-After of a post."""
    response = called(slack, "chat.postMessage", channel=channel, text="x")
    return response.status, response.json.get("error"), response.headers.get("Retry-After")


class TestFaults:
    def test_an_error_for_a_number_of_calls(self, slack: SlackSimulator, daily: Channel, client: WebClient) -> None:
        slack.faults.add("chat.postMessage", error="fatal_error", times=2)

        for _ in range(2):
            assert error_of(client.chat_postMessage, channel=daily.id, text="x")["error"] == "fatal_error"
        assert client.chat_postMessage(channel=daily.id, text="x")["ok"]
        assert len(slack.messages("daily")) == 1

    def test_a_status(self, slack: SlackSimulator, client: WebClient) -> None:
        fault = slack.faults.add("*", status=503)

        assert error_of(client.auth_test)["status"] == 503
        slack.faults.clear(fault)
        assert client.auth_test()["ok"]

    def test_a_rate_limit(self, slack: SlackSimulator, client: WebClient) -> None:
        slack.faults.add("auth.test", retry_after=7)

        answer = error_of(client.auth_test)

        assert (answer["status"], answer["headers"]["Retry-After"], answer["error"]) == (429, "7", "ratelimited")

    def test_a_fault_for_certain_arguments(self, slack: SlackSimulator, daily: Channel, client: WebClient) -> None:
        other = slack.add_channel("other")
        slack.faults.add("chat.postMessage", error="restricted_action", where={"channel": other.id})

        assert client.chat_postMessage(channel=daily.id, text="x")["ok"]
        assert error_of(client.chat_postMessage, channel=other.id, text="x")["error"] == "restricted_action"

    def test_a_delay(self, slack: SlackSimulator, client: WebClient) -> None:
        slack.faults.add("auth.test", delay=0.2)
        before = time.monotonic()

        client.auth_test()

        assert time.monotonic() - before >= 0.2

    def test_a_connection_dropped_before_the_call_is_processed(
        self, slack: SlackSimulator, daily: Channel, client: WebClient
    ) -> None:
        slack.faults.add("chat.postMessage", drop="before", times=1)

        with pytest.raises(ConnectionError):
            client.chat_postMessage(channel=daily.id, text="x")
        assert slack.messages("daily") == []

    def test_an_answer_lost_after_the_message_was_posted(
        self, slack: SlackSimulator, daily: Channel, client: WebClient
    ) -> None:
        slack.faults.add("chat.postMessage", drop="after", times=1)

        with pytest.raises(ConnectionError):
            client.chat_postMessage(channel=daily.id, text="x")
        assert [m.text for m in slack.messages("daily")] == ["x"]
        assert slack.calls[-1].processed

    def test_a_call_that_hangs_until_the_fault_is_cleared(self, slack: SlackSimulator, client: WebClient) -> None:
        fault = slack.faults.add("auth.test", hang=True)
        failed = threading.Event()

        def call() -> None:
            with pytest.raises((ConnectionError, URLError)):
                client.auth_test()
            failed.set()

        thread = threading.Thread(target=call)
        thread.start()
        slack.wait_for(lambda: slack.calls_of("auth.test"))
        assert not failed.is_set()
        slack.faults.clear(fault)
        thread.join(5)
        assert failed.is_set()

    def test_stopping_the_server_ends_hanging_calls(self) -> None:
        with SlackServer() as server:
            other = server.simulator
            client = client_of(other)
            other.faults.add("auth.test", hang=True)

            def call() -> None:
                with pytest.raises(ConnectionError):
                    client.auth_test()

            thread = threading.Thread(target=call)
            thread.start()
            other.wait_for(lambda: other.calls)
        thread.join(5)
        assert not thread.is_alive()

    def test_down_means_connection_refused_and_up_means_the_same_port(
        self, slack: SlackSimulator, client: WebClient
    ) -> None:
        slack.web_api_down()
        with pytest.raises(URLError, match="refused"):
            client.auth_test()

        slack.web_api_up()
        assert client.auth_test()["ok"]
