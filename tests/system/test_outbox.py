"""Every alert reaches people: once, in order, at Slack's pace, and if not in the channel then elsewhere."""

from __future__ import annotations

from itertools import pairwise

from simulator.slack import Call, Message
from tests.system.conftest import Office, event, payload

ROOMS = [f"room{number}" for number in range(4)]
EACH = 5


def outbox(office: Office, channel: str) -> list[str]:
    """The recordings that an alert was written down for, in order."""
    query = "SELECT recording_id FROM outbox WHERE slack_channel = :place ORDER BY id"
    return [row["recording_id"] for row in office.bot.rows(query, place=office.slack.workspace.channel(channel).id)]


def posts(office: Office, channel: str) -> list[Call]:
    return office.slack.calls_of("chat.postMessage", channel=office.slack.workspace.channel(channel).id)


def direct(office: Office, name: str = "ana") -> list[Message]:
    return office.slack.messages(office.slack.workspace.direct(office.slack.bot, office.slack.person(name).user))


def record(office: Office, *names: str, channel: str) -> None:
    for name in names:
        office.agora.join(name, 1001)
        office.command(f"start {name}", channel=channel)
    for name in names:
        office.wait_card("recording", channel=channel, agora=name)


def test_twenty_recordings_that_die_while_slack_is_down_are_twenty_alerts_after(office: Office) -> None:
    # Five cards in one channel take their time.
    office.start(START_TIMEOUT_SECONDS="30", RECORD_ON="0")
    for room in ROOMS:
        office.room(room)
    names = {room: [f"{room}-{number}" for number in range(EACH)] for room in ROOMS}
    for number in range(EACH):
        for room in ROOMS:
            office.agora.join(names[room][number], 1001)
            office.command(f"start {names[room][number]}", channel=room)
    office.slack.wait_for(lambda: all(len(office.cards(room)) == EACH for room in ROOMS), timeout=30)
    office.wait_agora(lambda agora: len([r for r in agora.running() if r.in_channel]) == len(ROOMS) * EACH)
    # Each was seen in the call: what comes now is no start that failed.
    office.after_queries(3 * len(ROOMS) * EACH)
    office.slack.down()
    for room in ROOMS:
        for name in names[room]:
            office.agora.kill(name)
    office.slack.wait_for(lambda: sum(len(outbox(office, room)) for room in ROOMS) == 20, timeout=30)
    for room in ROOMS:
        assert office.alerts(room) == []
    office.slack.up()
    office.slack.wait_for(lambda: sum(len(office.alerts(room)) for room in ROOMS) == 20, timeout=40)
    office.slack.wait_for(lambda: not office.undelivered(), timeout=10)
    for room in ROOMS:
        told = office.alerts(room)
        assert [payload(alert)["recording_id"] for alert in told] == outbox(office, room)
        assert {(event(alert), payload(alert)["reason"]) for alert in told} == {("recording_failed", "lost")}
        card_of = {payload(card)["recording_id"]: card.ts for card in office.cards(room)}
        assert [alert.thread_ts for alert in told] == [card_of[payload(alert)["recording_id"]] for alert in told]
        # Some are longer on their way than others, but no second has more than its one.
        at = [call.at for call in posts(office, room)]
        assert min(later - before for before, later in pairwise(at)) > 0.7
        assert at[-1] - at[-EACH] > EACH - 1


def test_alerts_arrive_while_cards_have_to_wait(office: Office) -> None:
    office.start()
    office.recording()
    limited = office.slack.faults.add("chat.update", retry_after=30)
    office.agora.crash("daily")
    alert = office.wait_alert("recording_failed", "crashed", timeout=5)
    assert limited.hits <= 1
    assert payload(office.cards()[0])["state"] == "recording"
    assert alert.thread_ts == office.cards()[0].ts


def test_nothing_is_posted_in_a_channel_before_slacks_pause_is_over(office: Office) -> None:
    office.start()
    office.recording()
    office.slack.faults.add("chat.postMessage", retry_after=4, times=1)
    office.agora.crash("daily")
    office.slack.wait_for(lambda: posts(office, "daily")[-1].status == 429, timeout=10, what="a refused alert")
    limited = posts(office, "daily")[-1]
    office.command("start weekly")
    # Another channel has a pace of its own.
    office.command("start planning", channel="general")
    office.wait_card("starting", channel="general", timeout=3)
    office.wait_alert("recording_failed", "crashed")
    office.slack.wait_for(lambda: len(office.cards()) == 2, timeout=10, what="a card of the next recording")
    after = [call.at - limited.at for call in posts(office, "daily") if call.at > limited.at]
    assert min(after) >= 4
    assert len(office.alerts()) == 1


def test_what_a_channel_refuses_for_good_goes_to_the_starter_and_is_tried_no_more(office: Office) -> None:
    office.start()
    for room in ("archived", "unscoped"):
        office.room(room)
    office.slack.add_channel("removed", [office.slack.person("ana")], private=True)
    for room in ("archived", "unscoped", "removed"):
        record(office, room, channel=room)
    office.slack.archive("archived")
    office.slack.remove_bot("removed")
    unscoped = office.slack.workspace.channel("unscoped").id
    office.slack.faults.add("chat.postMessage", error="missing_scope", where={"channel": unscoped})
    for room in ("archived", "unscoped", "removed"):
        office.agora.crash(room)
    office.slack.wait_for(lambda: len(direct(office)) == 3, timeout=20, what="three direct messages")
    office.slack.wait_for(lambda: not office.undelivered(), timeout=10)
    assert {payload(message)["agora_channel"] for message in direct(office)} == {"archived", "unscoped", "removed"}
    for message in direct(office):
        assert event(message) == "recording_failed"
        assert f"<#{payload(message)['slack_channel']}>" in message.said
    for room in ("archived", "unscoped", "removed"):
        # The card, and the alert once.
        assert len(posts(office, room)) == 2


def test_what_nobody_can_be_told_is_in_the_log_and_does_not_hold_up_the_next(office: Office) -> None:
    office.start()
    record(office, "first", "second", channel="daily")
    office.slack.archive("daily")
    office.slack.faults.add("conversations.open", error="user_disabled")
    office.agora.crash("first")
    office.agora.crash("second")
    office.slack.wait_for(lambda: office.bot.log.count('"alert_undeliverable"') == 2, timeout=20)
    office.slack.wait_for(lambda: not office.undelivered(), timeout=10)
    tried = len(office.slack.calls_of("conversations.open"))
    record(office, "third", channel="general")
    office.agora.crash("third")
    office.wait_alert("recording_failed", "crashed", channel="general")
    assert len(office.slack.calls_of("conversations.open")) == tried == 2


def test_blocks_that_slack_refuses_are_sent_as_plain_text(office: Office) -> None:
    office.start()
    refused = {"first": "invalid_blocks", "second": "msg_blocks_too_long"}
    for room, error in refused.items():
        office.room(room)
        record(office, room, channel=room)
        channel = office.slack.workspace.channel(room).id
        office.slack.faults.add("chat.postMessage", error=error, times=1, where={"channel": channel})
        office.agora.crash(room)
    for room in refused:
        alert = office.wait_alert("recording_failed", "crashed", channel=room)
        assert alert.blocks == []
        assert room in alert.text
        assert alert.thread_ts == office.cards(room)[0].ts
        assert alert.broadcast


def test_a_card_whose_blocks_slack_refuses_still_says_where_it_stands(office: Office) -> None:
    office.start()
    office.recording()
    office.slack.faults.add("chat.update", error="invalid_blocks", times=1)
    office.agora.crash("daily")
    card = office.wait_card("failed", reason="crashed")
    assert card.blocks == []
    assert "Failed" in card.text


def test_a_deleted_card_is_posted_anew_and_what_follows_goes_to_its_thread(office: Office) -> None:
    office.start()
    first = office.recording()
    office.slack.delete_message(first)
    office.agora.move("daily", 1)
    second = office.wait_card("recording")
    assert second.ts != first.ts
    assert "stop_recording" in second.elements
    office.agora.crash("daily")
    alert = office.wait_alert("recording_failed", "crashed")
    assert alert.thread_ts == second.ts
    assert office.wait_card("failed") is second


def test_an_alert_whose_thread_is_gone_is_told_in_the_channel(office: Office) -> None:
    office.start()
    card = office.recording()
    office.slack.faults.add("chat.postMessage", error="thread_not_found", where={"thread_ts": card.ts})
    office.agora.crash("daily")
    alert = office.wait_alert("recording_failed", "crashed")
    assert alert.thread_ts is None
    assert direct(office) == []
