"""People in the simulated Slack, and an unmodified slack-bolt app that answers them over Socket Mode."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from simulator.slack import Channel, Message, Person, SlackOptions, SlackServer, SlackSimulator, WorkspaceError

Json = dict[str, Any]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
NAMES = itertools.count(1)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(f"Layout {value}"), "value": value}


def field(name: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": name, "label": plain(name), "element": {**element, "action_id": name}, **more}


CONFIRM = {"title": plain("Stop?"), "text": plain("It ends."), "confirm": plain("Stop"), "deny": plain("No")}
CARD: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "recording"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "stop", "text": plain("Stop"), "value": "r1", "confirm": CONFIRM},
            {"type": "static_select", "action_id": "layout", "options": [option("grid"), option("speaker")]},
            {"type": "overflow", "action_id": "more", "options": [option("details")]},
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "start",
    "title": plain("Record"),
    "submit": plain("Start"),
    "private_metadata": "C1",
    "notify_on_close": True,
    "blocks": [
        field("channel", {"type": "plain_text_input", "initial_value": "daily", "max_length": 64}),
        field("minutes", {"type": "static_select", "options": [option("30"), option("45")]}, optional=True),
    ],
}


class Bot:
    """A Bolt app with a listener for everything; it keeps the payloads."""

    def __init__(self, slack: SlackSimulator) -> None:
        client = WebClient(token=slack.bot_token, base_url=slack.url)
        self.app = App(client=client, signing_secret=slack.signing_secret)
        self.got: list[Json] = []
        self.go = threading.Event()
        self.submission: Json = {}
        self.handler = SocketModeHandler(self.app, slack.app_token)
        self.app.command("/record")(self.command)
        self.app.action("stop")(self.stop)
        self.app.action("layout")(self.take)
        self.app.action("more")(self.take)
        self.app.view("start")(self.submitted)
        self.app.view_closed("start")(self.take)
        self.app.event("app_home_opened")(self.home)

    def command(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        self.got.append(body)
        word = body["text"].split(" ")[0]
        if word == "slow":
            self.go.wait(5)
        if word == "form":
            client.views_open(trigger_id=body["trigger_id"], view=FORM)
        if word == "button":
            ack(text="choose", blocks=CARD)
            return
        ack(f"heard {body['text']}", response_type="in_channel" if word == "loud" else "ephemeral")
        if word == "card":
            metadata = {"event_type": "recording_card", "event_payload": {"state": "recording"}}
            client.chat_postMessage(channel=body["channel_id"], text="recording", blocks=CARD, metadata=metadata)
        if word == "later":
            respond("done", response_type="in_channel")

    def stop(self, ack: Ack, body: Json, client: WebClient, respond: Respond) -> None:
        self.got.append(body)
        ack()
        if "message" in body:
            client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="stopped")
        else:
            respond("stopped", replace_original=True)

    def take(self, ack: Ack, body: Json) -> None:
        self.got.append(body)
        ack()

    def submitted(self, ack: Ack, body: Json) -> None:
        self.got.append(body)
        ack(**self.submission)

    def home(self, body: Json, client: WebClient) -> None:
        self.got.append(body)
        view = {"type": "home", "blocks": [{"type": "section", "text": plain("Recordings")}]}
        client.views_publish(user_id=body["event"]["user"], view=view)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[SlackServer, Bot]]:
    simulator = SlackSimulator(SlackOptions(rate_limits=False))
    with pytest.MonkeyPatch.context() as patch, SlackServer(simulator) as server:
        for name in PROXIES:
            patch.delenv(name, raising=False)
        bot = Bot(simulator)
        bot.handler.connect()  # type: ignore[no-untyped-call]
        server.wait_connected()
        yield server, bot
        bot.handler.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def server(shared: tuple[SlackServer, Bot]) -> SlackServer:
    return shared[0]


@pytest.fixture
def slack(shared: tuple[SlackServer, Bot]) -> Iterator[SlackSimulator]:
    simulator = shared[0].simulator
    yield simulator
    simulator.faults.clear()
    simulator.dispatcher.ack_seconds = 3.0


@pytest.fixture
def bot(shared: tuple[SlackServer, Bot]) -> Bot:
    shared[1].got.clear()
    shared[1].go.clear()
    shared[1].submission = {}
    return shared[1]


@pytest.fixture
def ana(slack: SlackSimulator) -> Person:
    return slack.add_person(f"ana{next(NAMES)}")


@pytest.fixture
def channel(slack: SlackSimulator, ana: Person) -> Channel:
    return slack.add_channel(f"channel{next(NAMES)}", [ana])


@pytest.fixture
def card(slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel) -> Message:
    del bot
    ana.command("/record", "card", channel=channel)
    return slack.wait_for_message(channel, event_type="recording_card", state="recording")


class TestCommands:
    def test_a_command_is_acknowledged_with_a_reply_to_its_person(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        command = ana.command("/record", "status", channel=channel)

        assert (command.acknowledged, command.error) == (True, None)
        assert command.latency is not None
        assert command.latency < 3
        assert command.reply is not None
        assert command.reply.text == "heard status"
        assert [m.text for m in ana.ephemerals(channel)] == ["heard status"]
        assert slack.messages(channel) == []
        assert bot.got[0]["user_id"] == ana.id

    def test_a_reply_can_be_visible_to_everybody(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        del bot
        ana.command("/record", "loud", channel=channel)

        assert [m.text for m in slack.messages(channel)] == ["heard loud"]

    def test_a_late_acknowledgement_is_a_timeout_although_the_listener_ran(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        slack.dispatcher.ack_seconds = 0.1
        command = ana.command("/record", "slow", channel=channel)
        assert command.error == "operation_timeout"

        bot.go.set()
        slack.wait_for(lambda: command.delivery.late)
        assert (command.acknowledged, command.reply, ana.ephemerals(channel)) == (False, None, [])

    def test_later_answers_use_the_response_url(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        del bot
        command = ana.command("/record", "later", channel=channel)

        slack.wait_for(lambda: command.responses)
        assert [m.text for m in command.answers] == ["heard later", "done"]
        assert [m.via for m in slack.messages(channel)] == ["response_url"]

    def test_the_same_command_delivered_twice_runs_twice(self, bot: Bot, ana: Person, channel: Channel) -> None:
        command = ana.command("/record", "status", channel=channel)

        assert command.repeat().acknowledged
        assert len(bot.got) == 2
        assert bot.got[0] == bot.got[1]

    def test_many_people_can_type_at_once(self, bot: Bot, ana: Person, channel: Channel) -> None:
        del bot
        with ThreadPoolExecutor(20) as pool:
            commands = list(pool.map(lambda n: ana.command("/record", f"n{n}", channel=channel), range(20)))

        assert [c.reply.text for c in commands if c.reply] == [f"heard n{n}" for n in range(20)]

    def test_mentions_and_channels_are_escaped_and_entities_always(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        ana.command("/record", f"  a & <b> @{ana.name} #{channel.name} #none me@there @here ", channel=channel)
        slack.should_escape = False
        ana.command("/record", f"a & <b> @{ana.name}", channel=channel)
        slack.should_escape = True

        assert [body["text"] for body in bot.got] == [
            f"a &amp; &lt;b&gt; <@{ana.id}|{ana.name}> <#{channel.id}|{channel.name}> #none me@there <!here>",
            f"a &amp; &lt;b&gt; @{ana.name}",
        ]

    def test_the_channel_name_is_true_in_public_channels_only(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        private = slack.add_channel(f"private{next(NAMES)}", [ana], private=True, bot=False)
        for place in (channel, private, ana.direct):
            ana.command("/record", "status", channel=place)

        names = [body["channel_name"] for body in bot.got]
        assert names == [channel.name, "privategroup", "directmessage"]

    def test_a_command_needs_membership_and_a_channel_that_is_not_archived(
        self, slack: SlackSimulator, ana: Person, channel: Channel
    ) -> None:
        ben = slack.add_person(f"ben{next(NAMES)}")
        with pytest.raises(WorkspaceError, match="is not in"):
            ben.command("/record", "status", channel=channel)

        slack.archive(channel)
        with pytest.raises(WorkspaceError, match="archived"):
            ana.command("/record", "status", channel=channel)


class TestPressing:
    def test_a_button_is_pressed_and_the_card_changes(
        self, slack: SlackSimulator, bot: Bot, ana: Person, card: Message
    ) -> None:
        press = ana.press(card, "stop")

        assert press.acknowledged
        assert press.confirm is not None
        assert press.confirm["title"]["text"] == "Stop?"
        slack.wait_for(lambda: card.text == "stopped")
        assert card.said == "stopped"
        body = bot.got[-1]
        assert (body["type"], body["user"]["id"], body["message"]["ts"]) == ("block_actions", ana.id, card.ts)
        assert body["container"] == {
            "type": "message",
            "message_ts": card.ts,
            "channel_id": card.channel,
            "is_ephemeral": False,
        }
        assert (body["actions"][0]["value"], body["actions"][0]["block_id"]) == ("r1", "b1")

    def test_a_removed_button_can_only_be_pressed_on_an_old_screen(
        self, slack: SlackSimulator, bot: Bot, ana: Person, card: Message
    ) -> None:
        ana.press(card, "stop")
        slack.wait_for(lambda: card.text == "stopped")

        with pytest.raises(WorkspaceError, match="nothing to press"):
            ana.press(card, "stop")
        assert ana.press(card, "stop", stale=True).acknowledged
        assert len([body for body in bot.got if body.get("type") == "block_actions"]) == 2

    def test_an_option_is_found_by_its_value_or_its_text(self, bot: Bot, ana: Person, card: Message) -> None:
        ana.choose(card, "layout", "grid")
        ana.choose(card, "layout", "Layout speaker")
        ana.choose(card, "more", "details")

        chosen = [body["actions"][0]["selected_option"]["value"] for body in bot.got[1:]]
        assert chosen == ["grid", "speaker", "details"]
        assert bot.got[-1]["state"]["values"]["b1"]["layout"]["selected_option"]["value"] == "speaker"
        with pytest.raises(WorkspaceError, match="offers no"):
            ana.choose(card, "layout", "cinema")

    def test_only_its_person_can_press_an_ephemeral_message(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        reply = ana.command("/record", "button", channel=channel).reply
        assert reply is not None
        with pytest.raises(WorkspaceError, match="does not see"):
            slack.add_person(f"eve{next(NAMES)}").press(reply, "stop")

        ana.press(reply, "stop")

        slack.wait_for(lambda: reply.text == "stopped")
        assert bot.got[-1]["container"]["is_ephemeral"] is True
        assert "message" not in bot.got[-1]


def test_the_timeline_has_everything_in_order(slack: SlackSimulator, ana: Person, card: Message) -> None:
    ana.press(card, "stop")
    slack.wait_for(lambda: card.text == "stopped")
    slack.delete_message(card)

    seen = [(m.kind, m.text) for m in slack.timeline if m.channel == slack.workspace.channels[card.channel].name]
    assert sorted(seen[1:3]) == [
        ("ephemeral", "heard card"),
        ("message", "recording\nStop\nLayout grid\nLayout speaker\nLayout details"),
    ]
    assert [seen[0], *seen[3:]] == [
        ("command", "/record card"),
        ("block_actions", "stop"),
        ("edit", "stopped"),
        ("delete", "stopped"),
    ]


class TestResponseUrls:
    @pytest.fixture
    def hook(self, bot: Bot, ana: Person, channel: Channel) -> WebhookClient:
        del bot
        return WebhookClient(ana.command("/record", "status", channel=channel).response_url)

    def test_it_works_five_times(self, hook: WebhookClient, ana: Person, channel: Channel) -> None:
        answers = [hook.send(text=f"n{n}") for n in range(6)]

        assert [(answer.status_code, answer.body) for answer in answers[:5]] == [(200, "ok")] * 5
        assert (answers[5].status_code, "used_url" in answers[5].body) == (404, True)
        assert len(ana.ephemerals(channel)) == 6

    def test_it_expires(self, slack: SlackSimulator, hook: WebhookClient) -> None:
        before, slack.response_urls.seconds = slack.response_urls.seconds, 0
        answer = hook.send(text="too late")
        slack.response_urls.seconds = before

        assert (answer.status_code, "expired_url" in answer.body) == (404, True)

    def test_wrong_blocks_are_refused(self, hook: WebhookClient) -> None:
        answer = hook.send(text="x", blocks=[{"type": "nonsense"}])

        assert (answer.status_code, "invalid_blocks" in answer.body) == (400, True)

    def test_an_ephemeral_original_can_be_deleted(self, bot: Bot, ana: Person, channel: Channel) -> None:
        del bot
        reply = ana.command("/record", "button", channel=channel).reply
        assert reply is not None
        press = ana.choose(reply, "more", "details")

        WebhookClient(press.response_url).send(delete_original=True)

        assert ana.ephemerals(channel) == []

    def test_it_can_be_made_to_fail(self, slack: SlackSimulator, hook: WebhookClient) -> None:
        slack.faults.add("response_url", status=500, times=1)

        assert hook.send(text="x").status_code == 500
        assert [c.outcome for c in slack.calls_of("response_url")[-1:]] == ["no answer"]


class TestForms:
    @pytest.fixture
    def form(self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel) -> Any:
        del bot
        ana.command("/record", "form", channel=channel)
        return slack.wait_for(lambda: ana.modal)

    def test_a_form_is_filled_in_and_submitted(self, bot: Bot, ana: Person, form: Any) -> None:
        submission = ana.submit(form, {"channel": "weekly", "minutes": "45"})

        values = bot.got[-1]["view"]["state"]["values"]
        assert values["channel"]["channel"] == {"type": "plain_text_input", "value": "weekly"}
        assert values["minutes"]["minutes"]["selected_option"]["value"] == "45"
        assert (bot.got[-1]["view"]["private_metadata"], form.title) == ("C1", "Record")
        assert submission.acknowledged
        assert ana.modal is None

    def test_an_untouched_field_has_its_initial_value(self, bot: Bot, ana: Person, form: Any) -> None:
        ana.submit(form)

        values = bot.got[-1]["view"]["state"]["values"]
        assert values["channel"]["channel"]["value"] == "daily"
        assert values["minutes"]["minutes"]["selected_option"] is None

    def test_errors_are_shown_at_their_fields(self, bot: Bot, ana: Person, form: Any) -> None:
        bot.submission = {"response_action": "errors", "errors": {"channel": "no such channel"}}
        submission = ana.submit(form, {"channel": "nope"})

        assert submission.errors == form.errors == {"channel": "no such channel"}
        assert ana.modal is form

    def test_errors_of_unknown_fields_are_an_error(self, bot: Bot, ana: Person, form: Any) -> None:
        bot.submission = {"response_action": "errors", "errors": {"colour": "what?"}}

        assert ana.submit(form).error == "invalid_errors"

    def test_a_form_can_be_updated_or_another_one_pushed(self, bot: Bot, ana: Person, form: Any) -> None:
        bot.submission = {"response_action": "update", "view": {**FORM, "title": plain("Again")}}
        ana.submit(form)
        assert form.title == "Again"

        bot.submission = {"response_action": "push", "view": {**FORM, "title": plain("Sure?")}}
        ana.submit(form)
        assert ana.modal is not None
        assert (ana.modal.title, ana.modal.previous) == ("Sure?", form.id)

        bot.submission = {"response_action": "clear"}
        ana.submit(ana.modal)
        assert ana.modal is None

    def test_slack_itself_checks_required_fields_and_lengths(self, ana: Person, form: Any) -> None:
        with pytest.raises(WorkspaceError, match="required"):
            ana.submit(form, {"channel": ""})
        with pytest.raises(WorkspaceError, match="too long"):
            ana.submit(form, {"channel": "x" * 65})

    def test_the_app_is_notified_of_a_closed_form_if_it_asks_for_it(self, bot: Bot, ana: Person, form: Any) -> None:
        closed = ana.close(form)

        assert closed is not None
        assert closed.acknowledged
        assert bot.got[-1]["type"] == "view_closed"
        assert ana.modal is None

    def test_a_trigger_opens_one_form_within_three_seconds(
        self, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        client = bot.app.client
        trigger = ana.command("/record", "status", channel=channel).trigger_id

        def refusal(trigger_id: str) -> Any:
            return client.api_call("views.open", json={"trigger_id": trigger_id, "view": FORM})

        assert refusal(trigger)["ok"]
        triggers = slack.payloads.context.triggers
        with pytest.raises(Exception, match="exchanged_trigger_id"):
            refusal(trigger)
        with pytest.raises(Exception, match="invalid_trigger_id"):
            refusal("1.2.3")
        before, triggers.seconds = triggers.seconds, 0
        late = ana.command("/record", "status", channel=channel).trigger_id
        with pytest.raises(Exception, match="expired_trigger_id"):
            refusal(late)
        triggers.seconds = before

    def test_an_update_with_an_old_hash_is_refused(self, bot: Bot, form: Any) -> None:
        client = bot.app.client
        client.views_update(view_id=form.id, hash=form.hash, view=FORM)

        with pytest.raises(Exception, match="hash_conflict"):
            client.views_update(view_id=form.id, hash="old", view=FORM)

    def test_the_home_tab_is_published_when_it_is_opened(self, slack: SlackSimulator, bot: Bot, ana: Person) -> None:
        del bot
        (delivery,) = ana.open_home()

        home = slack.wait_for(lambda: ana.home)
        assert home is not None
        assert home.blocks[0]["text"]["text"] == "Recordings"
        assert slack.wait_for(lambda: delivery.acknowledged)


class TestReconnecting:
    def test_after_a_refresh_the_next_command_goes_over_the_new_connection(
        self, server: SlackServer, slack: SlackSimulator, bot: Bot, ana: Person, channel: Channel
    ) -> None:
        del bot
        before = server.connections[-1]
        server.sockets.refresh()
        slack.wait_for(lambda: server.connections and server.connections[-1] is not before)

        # Plain Bolt leaves the new connection unread for up to 3 s, so that the first command may come too late.
        slack.dispatcher.ack_seconds = 6.0
        command = ana.command("/record", "status", channel=channel)

        assert command.acknowledged
        assert command.delivery.to != before.id
