"""A recording from start to end, as people see it in Slack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.system.conftest import ON_BOTH, Stack, event, payload, states, words


@ON_BOTH
def test_one_person_starts_a_recording_and_another_stops_it(stack: Stack) -> None:
    stack.start()
    before = datetime.now(UTC)
    stack.agora.join("daily", 1001)
    answer = stack.command("start daily")
    assert "`daily`" in words(answer)
    card = stack.wait_red()
    shown = payload(card)
    recorder = stack.agora.running()[0]
    assert shown == {
        "recording_id": shown["recording_id"],
        "agora_channel": "daily",
        "slack_channel": stack.slack.workspace.channel("daily").id,
        "state": "recording",
        "sid": recorder.sid,
        "started_by": stack.slack.person("ana").id,
        "started_at": shown["started_at"],
    }
    started_at = datetime.fromisoformat(shown["started_at"])
    assert started_at.utcoffset() == timedelta(0)
    assert before <= started_at <= datetime.now(UTC)
    assert stack.slack.person("ana").mention in card.said
    assert f"<!date^{int(started_at.timestamp())}^" in card.said
    assert "at the latest" in card.said

    answer = stack.command("stop", by="ben")
    assert "`daily`" in words(answer)
    over = stack.wait_card("ended", reason="stopped")
    assert over is card
    assert payload(over) == shown | {"state": "ended", "reason": "stopped", "ended_at": payload(over)["ended_at"]}
    assert started_at < datetime.fromisoformat(payload(over)["ended_at"]) <= datetime.now(UTC)
    assert f"Stopped by {stack.slack.person('ben').mention}" in over.said
    assert all(file in over.said for file in stack.agora.recorder("daily").files)
    assert "stop_recording" not in over.elements
    assert [state for state in states(over) if state not in ("stopping", "uploading")] == [
        "starting",
        "recording",
        "ended",
    ]
    assert stack.cards() == [over]
    assert stack.alerts() == []
    assert not stack.agora.running()
    assert len(stack.agora.recorders()) == 1


def test_agora_gets_no_request_before_the_card_is_posted(stack: Stack) -> None:
    stack.start()
    fault = stack.slack.faults.add("chat.postMessage", delay=1.5, times=1)
    stack.command("start daily")
    stack.slack.wait_for(lambda: fault.hits, what="the card on its way")
    assert stack.agora.requests() == []
    stack.wait_card("starting")
    stack.wait_agora(lambda agora: agora.requests("acquire"))
    assert min(request.wall for request in stack.agora.requests("acquire")) > stack.cards()[0].at


def test_the_requests_for_a_recorder_are_valid_for_agora(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.command("start daily")
    stack.wait_card("recording")
    recorder = stack.agora.running()[0]
    assert recorder.uid >= 3_500_000_000
    assert recorder.token_problem is None
    assert recorder.token_expires_at == pytest.approx(datetime.now(UTC).timestamp() + 24 * 3600, abs=60)
    request = recorder.request
    assert request["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}
    prefix = request["storageConfig"]["fileNamePrefix"]  # type: ignore[index]
    assert all(folder.isascii() and folder.isalnum() for folder in prefix)
    assert f"{datetime.now(UTC):%Y%m%d}" in "".join(prefix)
    transcoding = request["recordingConfig"]["transcodingConfig"]  # type: ignore[index]
    assert (transcoding["width"], transcoding["height"]) == (1280, 720)


def test_the_stop_button_asks_for_confirmation_and_stops(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    press = stack.press_stop(card, by="ben")
    assert press.acknowledged
    assert press.confirm is not None
    second = stack.press_stop(card, by="ana", stale=True)
    assert second.acknowledged
    over = stack.wait_card("ended", reason="stopped")
    assert stack.slack.person("ben").mention in over.said
    assert payload(over)["started_by"] == stack.slack.person("ana").id
    assert len([request for request in stack.agora.requests("stop") if request.status == 200]) == 1

    late = stack.press_stop(over, stale=True)
    assert stack.slack.person("ben").mention in words(late)
    assert states(stack.cards()[-1])[-1] == "ended"
    assert stack.alerts() == []
    assert not stack.agora.running()


def test_a_second_press_is_answered_with_who_stopped_it(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("stop", delay=2)
    stack.press_stop(card, by="ben")
    second = stack.press_stop(card, by="ana", stale=True)
    stack.slack.wait_for(lambda: second.answers, what="an answer to the second press")
    assert stack.slack.person("ben").mention in words(second)
    over = stack.wait_card("ended", reason="stopped")
    assert f"Stopped by {stack.slack.person('ben').mention}" in over.said


def test_a_new_recording_of_the_same_channel_gets_a_new_card(stack: Stack) -> None:
    stack.start()
    first = stack.recording()
    stack.command("stop")
    stack.wait_card("ended")
    stack.command("start daily")
    second = stack.wait_card("recording")
    assert second is not first
    assert payload(first)["state"] == "ended"
    assert payload(second)["recording_id"] != payload(first)["recording_id"]
    uids = [recorder.uid for recorder in stack.agora.recorders()]
    assert len(set(uids)) == 2


def test_a_recording_ends_at_the_time_limit_with_an_alert(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="3")
    card = stack.recording()
    alert = stack.wait_alert("recording_ended", "time_limit")
    over = stack.wait_card("ended", reason="time_limit")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    started_at, ended_at = (datetime.fromisoformat(payload(over)[name]) for name in ("started_at", "ended_at"))
    assert timedelta(seconds=3) <= ended_at - started_at < timedelta(seconds=9)
    assert not stack.agora.running()
    assert [event(message) for message in stack.alerts()] == ["recording_ended"]
