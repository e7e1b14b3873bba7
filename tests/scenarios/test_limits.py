"""How long a recording takes: as somebody asks for, put off by a press, warned of before the end, and no longer."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.slack import Interaction, Message
from tests.scenarios.stack import Stack, event, payload, states, words

Begin = Callable[..., Stack]
NEARLY = timedelta(seconds=1.5)
"""So much later something may happen while both cores are busy."""


@pytest.fixture(params=["socket", "http"])
def begin(request: pytest.FixtureRequest, stack: Stack) -> Begin:
    """Starts the bot, and Slack reaches it in one of the two ways."""

    def over_http(**settings: str) -> Stack:
        stack.slack_server.use_http(f"http://127.0.0.1:{port}/slack/events")
        stack.bot.start(SLACK_APP_TOKEN="", HTTP_PORT=str(port), **settings)
        stack.wait_for(lambda: ready(port), what="a bot that is ready")
        return stack

    return stack.start if request.param == "socket" else over_http


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def moment(value: Any) -> datetime:
    """What a row says, from either database."""
    read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)


def ends_at(stack: Stack) -> datetime:
    (row,) = stack.bot.rows("SELECT ends_at FROM recordings")
    return moment(row["ends_at"])


def started_at(stack: Stack) -> datetime:
    (row,) = stack.bot.rows("SELECT started_at FROM recordings")
    return moment(row["started_at"])


def shown(end: datetime) -> str:
    return f"<!date^{int(end.timestamp())}^"


def press(stack: Stack, where: Message, by: str, *, wait: bool = True, stale: bool = False) -> Interaction:
    return stack.slack.person(by).press(where, "extend_recording", wait=wait, stale=stale)


def warnings(stack: Stack) -> list[datetime]:
    """When the warnings that were written down were raised."""
    rows = stack.bot.rows("SELECT raised_at FROM outbox WHERE reason = 'ending_soon' ORDER BY id")
    return [moment(row["raised_at"]) for row in rows]


def delivered(stack: Stack) -> list[Message]:
    return [alert for alert in stack.alerts() if payload(alert).get("reason") == "ending_soon"]


def wait_warnings(stack: Stack, count: int) -> list[Message]:
    stack.wait_for(lambda: len(delivered(stack)) >= count, what=f"{count} warnings")
    return delivered(stack)


def answer(stack: Stack, interaction: Interaction) -> str:
    """What the person who pressed was told."""
    stack.wait_for(lambda: interaction.responses, what="words for the person")
    return words(interaction)


# for, until


def test_for_a_while_is_shown_at_once_and_on_the_card(begin: Begin) -> None:
    stack = begin()
    stack.agora.join("team call", 1000)
    asked_at = datetime.now(UTC)
    said = words(stack.command('start "team call" for 45m'))
    end = ends_at(stack)
    assert timedelta(minutes=45) <= end - asked_at < timedelta(minutes=45) + NEARLY
    assert shown(end) in said
    card = stack.wait_red("team call")
    assert shown(end) in card.said
    assert "at the latest" in card.said


def test_until_is_the_persons_own_time(begin: Begin) -> None:
    stack = begin()
    stack.agora.join("daily", 1000)
    there = ZoneInfo("America/New_York")
    wanted = (datetime.now(there) + timedelta(hours=2)).replace(second=0, microsecond=0)
    said = words(stack.command(f"start until {wanted:%H:%M}", by="ben"))
    assert ends_at(stack) == wanted.astimezone(UTC)
    assert shown(wanted) in said
    assert shown(wanted) in stack.wait_red().said


def test_where_slack_does_not_tell_the_time_zone_it_is_answered_in_time_and_nothing_starts(begin: Begin) -> None:
    stack = begin()
    stack.slack.scopes.remove("users:read")
    assert "/record start daily for 45m" in words(stack.command("start daily until 15:30"))
    stack.slack.scopes.append("users:read")
    stack.slack.faults.add("users.info", hang=True)
    assert "time zone" in words(stack.command("start daily until 15:30"))
    assert stack.agora.requests() == []
    assert stack.slack.messages("daily") == []


def test_wrong_ends_are_answered_with_an_example_and_nothing_starts(stack: Stack) -> None:
    stack.start()
    for text in ("for", "daily for", "daily for ever", "daily for 24h", "daily for 0m", "daily until 25:00"):
        assert "/record start daily" in words(stack.command(f"start {text}")), text
    passed = datetime.now(ZoneInfo("Europe/Madrid")) - timedelta(hours=1)
    if passed.date() == datetime.now(ZoneInfo("Europe/Madrid")).date():
        assert "has passed today" in words(stack.command(f"start daily until {passed:%H:%M}"))
    assert stack.agora.requests() == []


# extending


def test_two_people_who_extend_it_at_once_both_count_and_the_card_says_who_was_last(begin: Begin) -> None:
    stack = begin(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    presses = [press(stack, card, by, wait=False) for by in ("ana", "ben")]
    for each in presses:
        assert each.wait().acknowledged
    end = started_at(stack) + timedelta(seconds=600 + 2 * 1800)
    assert ends_at(stack) == end
    (row,) = stack.bot.rows("SELECT extended_by FROM recordings")
    last = next(name for name in ("ana", "ben") if stack.slack.person(name).id == row["extended_by"])

    def line() -> str:
        return next((line for line in card.said.splitlines() if line.startswith("Extended to")), "")

    stack.wait_for(lambda: shown(end) in line(), what="the later end on the card")
    assert line().endswith(f"by {stack.slack.person(last).mention}")
    assert card.said.count("Extended to") == 1
    assert all(each.responses == [] for each in presses), "the card tells"

    def lines() -> list[Message]:
        return [m for m in stack.slack.messages("daily") if "extended it to" in m.text]

    # The card shows the last of them only: each is a line in its thread.
    stack.wait_for(lambda: len(lines()) == 2, what="a line for each of them")
    assert {(line.thread_ts, line.broadcast, line.event_type) for line in lines()} == {(card.ts, False, None)}
    both = {name for name in ("ana", "ben") for line in lines() if stack.slack.person(name).mention in line.text}
    assert both == {"ana", "ben"}


def test_a_press_that_slack_delivers_again_counts_once(begin: Begin) -> None:
    stack = begin(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    pressed = press(stack, card, "ben")
    once = ends_at(stack)
    assert pressed.repeat().acknowledged
    stack.after_queries(2)
    assert ends_at(stack) == once == started_at(stack) + timedelta(seconds=600 + 1800)
    press(stack, card, "ben")
    assert ends_at(stack) == once + timedelta(seconds=1800)


def test_at_23_hours_the_reply_says_why_it_can_be_no_later(begin: Begin) -> None:
    stack = begin(MAX_DURATION_SECONDS="82000")
    card = stack.recording()
    cut = answer(stack, press(stack, card, "ben"))
    end = started_at(stack) + timedelta(hours=23)
    assert ends_at(stack) == end
    none = answer(stack, press(stack, card, "ana"))
    assert ends_at(stack) == end
    for said in (cut, none):
        assert shown(end) in said
        assert "no token outlives 24 h" in said
    assert "can't be extended any further" in none


def test_on_a_card_that_is_over_or_stopping_it_says_so(begin: Begin) -> None:
    stack = begin()
    card = stack.recording()
    stack.agora.fault("stop", answer="internal_error", times=None)
    stack.command("stop", by="ben")
    stack.wait_card("stopping")
    stopping = answer(stack, press(stack, card, "ana", stale=True))
    assert stack.slack.person("ben").mention in stopping
    stack.agora.clear_faults()
    stack.wait_card("ended")
    assert "is over" in answer(stack, press(stack, card, "ana", stale=True))
    (row,) = stack.bot.rows("SELECT ends_at, extended_by FROM recordings")
    assert dict(row) == {"ends_at": None, "extended_by": None}


# warnings, and the end


def test_warnings_come_on_time_and_then_it_ends_and_everybody_is_told(begin: Begin) -> None:
    stack = begin(MAX_DURATION_SECONDS="12", ENDING_SOON_SECONDS="11,5,2")
    card = stack.recording()
    alert = stack.wait_alert("recording_ended", "time_limit")
    end = started_at(stack) + timedelta(seconds=12)
    for told, lead in zip(warnings(stack), (5, 2), strict=True):
        assert timedelta() <= told - (end - timedelta(seconds=lead)) < NEARLY
    kinds = [(event(each), payload(each)["reason"]) for each in stack.alerts()]
    assert kinds == [("recording_warning", "ending_soon")] * 2 + [("recording_ended", "time_limit")]
    for warning in delivered(stack):
        assert shown(end) in warning.said
        assert (warning.thread_ts, warning.broadcast) == (card.ts, True)
    assert "Its time was up" in alert.said
    over = stack.wait_card("ended", reason="time_limit")
    assert states(over)[-1] == "ended"
    assert not stack.agora.running()
    ended = datetime.fromisoformat(payload(over)["ended_at"])
    assert timedelta(0) <= ended - end < 2 * NEARLY


def test_an_extension_on_the_warning_arms_it_anew(begin: Begin) -> None:
    stack = begin(MAX_DURATION_SECONDS="8", ENDING_SOON_SECONDS="3", EXTEND_SECONDS="7")
    card = stack.recording()
    (first,) = wait_warnings(stack, 1)
    said = answer(stack, press(stack, first, "ben"))
    end = started_at(stack) + timedelta(seconds=15)
    assert shown(end) in said
    stack.wait_for(lambda: "Extended to" in card.said, what="the later end on the card")
    wait_warnings(stack, 2)
    stack.wait_alert("recording_ended", "time_limit")
    old, new = warnings(stack)
    assert timedelta(0) <= new - (end - timedelta(seconds=3)) < NEARLY
    assert old < end - timedelta(seconds=7)
    stack.wait_card("ended", reason="time_limit")
    assert "is over" in answer(stack, press(stack, first, "ana"))


def test_what_is_stopped_before_its_end_is_not_warned_of(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="8", ENDING_SOON_SECONDS="2", UNREACHABLE_ALERT_SECONDS="60")
    stack.recording()
    stack.agora.fault("stop", answer="internal_error", times=None)
    stack.command("stop", by="ben")
    stack.wait_card("stopping")
    end = started_at(stack) + timedelta(seconds=8)
    stack.wait_for(lambda: datetime.now(UTC) > end, what="the end")
    assert stack.alerts() == []


def test_a_warning_is_neither_lost_nor_doubled_when_the_bot_is_killed(stack: Stack) -> None:
    settings = {"MAX_DURATION_SECONDS": "24", "ENDING_SOON_SECONDS": "11,3", "EXTEND_SECONDS": "1"}
    stack.start(**settings)
    stack.recording()
    wait_warnings(stack, 1)
    stack.wait_for(lambda: not stack.undelivered(), what="a warning that is marked as being in Slack")
    stack.stop()
    stack.restart(**settings)
    stack.wait_alert("recording_ended", "time_limit")
    end = started_at(stack) + timedelta(seconds=24)
    first, second = warnings(stack)
    assert timedelta(0) <= first - (end - timedelta(seconds=11)) < NEARLY
    assert timedelta(0) <= second - (end - timedelta(seconds=3)) < NEARLY
    assert len(delivered(stack)) == 2


def test_an_end_that_comes_while_agora_is_away_is_carried_out_when_it_is_back(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="6", ENDING_SOON_SECONDS="2", UNREACHABLE_ALERT_SECONDS="60")
    stack.recording()
    stack.agora.down()
    wait_warnings(stack, 1)
    stack.wait_state("stopping")
    stack.agora.up()
    stack.wait_alert("recording_ended", "time_limit")
    assert not stack.agora.running()
