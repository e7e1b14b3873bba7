"""Requests of Slack as values: who asks, where, for what."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.requests import Press, SlashCommand, Submission, form_metadata
from recordings.model.requester import Requester, RequesterKind, SlackChannelRef
from tests.fakes.slack_requests import a_command, command_payload, press_payload


def test_a_command_names_its_requester() -> None:
    payload = command_payload("status", user_name="ana", enterprise_id="E1")

    assert SlashCommand.parse(payload).requester == Requester(
        kind=RequesterKind.SLACK_USER,
        id="U1",
        slack_channel=SlackChannelRef("T1", "C1"),
        display_name="ana",
        teams=frozenset({"T1", "E1"}),
        workspace="T1",
    )


def test_what_a_command_lacks_is_empty() -> None:
    request = SlashCommand.parse({"user_id": "U1", "channel_id": "C1"})

    assert request.requester == Requester.slack_user("U1", SlackChannelRef("", "C1"))
    assert (request.text, request.channel_name, request.trigger_id, request.response_url) == ("", "", "", None)
    assert request.domain == "app", "app.slack.com leads to the person's own workspace"


def test_a_press_names_its_requester_its_value_and_its_message() -> None:
    user = {"id": "U2", "name": "ben", "team_id": "T2"}
    press = Press.parse(press_payload("rec1", ts="1.5", user=user))

    assert press.requester == Requester.slack_user(
        "U2", SlackChannelRef("T1", "C1"), display_name="ben", teams=frozenset({"T2"}), workspace="T1"
    )
    assert (press.value, press.message_ts, press.domain, press.ephemeral) == ("rec1", "1.5", "acme", False)


@pytest.mark.parametrize(
    ("facts", "teams"),
    [
        ({"user": {"id": "U2", "team_id": "E1"}, "enterprise": {"id": "E1"}}, {"E1"}),
        ({"enterprise": {"id": "E1"}}, {"T1", "E1"}),
        ({"enterprise": None}, {"T1"}),
        ({"team": None}, set()),
    ],
)
def test_the_teams_of_a_press_are_those_that_slack_names(facts: dict[str, Any], teams: set[str]) -> None:
    assert Press.parse(press_payload(**facts)).requester.teams == teams


def test_the_value_of_a_menu_is_that_of_the_chosen_option() -> None:
    choice = {"action_id": "more", "selected_option": {"value": "details:rec1"}}

    assert Press.parse(press_payload("", actions=[choice])).value == "details:rec1"
    assert Press.parse(press_payload("", actions=[{"action_id": "stop"}])).value == ""


def test_the_channel_of_a_press_can_be_in_its_container_only() -> None:
    container = {"channel_id": "C2", "is_ephemeral": True}
    press = Press.parse(press_payload(channel="C1") | {"channel": None, "container": container})

    assert (press.slack_channel.channel, press.ephemeral, press.message_ts) == ("C2", True, "")
    assert Press.parse(press_payload() | {"channel": None, "container": None}).slack_channel.channel == ""


def test_two_deliveries_have_one_key_and_two_requests_have_two() -> None:
    first, second = command_payload("start daily"), command_payload("start daily")
    pressed, pressed_again = press_payload(), press_payload()

    assert SlashCommand.parse(first).delivery_key == SlashCommand.parse(dict(reversed(first.items()))).delivery_key
    assert SlashCommand.parse(first).delivery_key != SlashCommand.parse(second).delivery_key
    assert Press.parse(pressed).delivery_key != Press.parse(pressed_again).delivery_key


def test_a_submission_belongs_to_the_slack_channel_in_which_the_form_was_opened() -> None:
    command = a_command(channel_id="C5")
    view = {"id": "V1", "private_metadata": form_metadata(command)}
    submission = Submission.parse({"user": {"id": "U3"}, "team": {"id": "T1"}, "view": view})

    assert submission.slack_channel == SlackChannelRef("T1", "C5")
    assert submission.requester.id == "U3"
    assert submission.requester.teams == {"T1"}
    assert submission.response_url == "https://hooks.example/1"
    assert submission.delivery_key == "form V1"


def test_a_response_url_is_in_no_repr() -> None:
    assert "hooks.example" not in repr(a_command())
    assert "hooks.example" not in repr(Press.parse(press_payload()))
