"""The whole way, as people see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.system.conftest import ON_BOTH, Stack, event, payload, states, words


@ON_BOTH
def test_a_call_is_recorded_from_start_to_a_stop_by_somebody_else(stack: Stack) -> None:
    stack.start()
    begun = datetime.now(UTC)
    stack.agora.join("daily", 1001)
    answer = stack.command("start daily")
    assert "`daily`" in words(answer)
    card = stack.wait_red()
    up = payload(card)
    recorder = stack.agora.running()[0]
    assert up == {
        "recording_id": up["recording_id"],
        "agora_channel": "daily",
        "slack_channel": stack.slack.workspace.channel("daily").id,
        "state": "recording",
        "sid": recorder.sid,
        "started_by": stack.slack.person("ana").id,
        "started_at": up["started_at"],
    }
    started_at = datetime.fromisoformat(up["started_at"])
    assert started_at.utcoffset() == timedelta(0)
    assert begun <= started_at <= datetime.now(UTC)
    assert stack.slack.person("ana").mention in card.said
    assert f"<!date^{int(started_at.timestamp())}^" in card.said
    assert "at the latest" in card.said

    answer = stack.command("stop", by="ben")
    assert "`daily`" in words(answer)
    over = stack.wait_card("ended", reason="stopped")
    assert over is card
    assert payload(over) == up | {"state": "ended", "reason": "stopped", "ended_at": payload(over)["ended_at"]}
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


def test_the_card_is_there_before_agora_is_asked_for_anything(stack: Stack) -> None:
    stack.start()
    fault = stack.slack.faults.add("chat.postMessage", delay=1.5, times=1)
    stack.command("start daily")
    stack.slack.wait_for(lambda: fault.hits, what="the card on its way")
    assert stack.agora.requests() == []
    stack.wait_card("starting")
    stack.wait_agora(lambda agora: agora.requests("acquire"))
    assert min(seen.wall for seen in stack.agora.requests("acquire")) > stack.cards()[0].at


def test_the_recorder_is_asked_for_as_agora_wants_it(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.command("start daily")
    stack.wait_card("recording")
    recorder = stack.agora.running()[0]
    assert recorder.uid >= 3_500_000_000
    assert recorder.token_problem is None
    assert recorder.token_expires_at == pytest.approx(datetime.now(UTC).timestamp() + 24 * 3600, abs=60)
    asked = recorder.request
    assert asked["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}
    prefix = asked["storageConfig"]["fileNamePrefix"]  # type: ignore[index]
    assert all(folder.isascii() and folder.isalnum() for folder in prefix)
    assert f"{datetime.now(UTC):%Y%m%d}" in "".join(prefix)
    transcoding = asked["recordingConfig"]["transcodingConfig"]  # type: ignore[index]
    assert (transcoding["width"], transcoding["height"]) == (1280, 720)


def test_the_button_on_the_card_asks_first_and_stops(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    press = stack.press_stop(card, by="ben")
    assert press.acknowledged
    assert press.confirm is not None
    again = stack.press_stop(card, by="ana", stale=True)
    assert again.acknowledged
    over = stack.wait_card("ended", reason="stopped")
    assert stack.slack.person("ben").mention in over.said
    assert payload(over)["started_by"] == stack.slack.person("ana").id
    assert len([seen for seen in stack.agora.requests("stop") if seen.status == 200]) == 1

    late = stack.press_stop(over, stale=True)
    assert stack.slack.person("ben").mention in words(late)
    assert states(stack.cards()[-1])[-1] == "ended"
    assert stack.alerts() == []
    assert not stack.agora.running()


def test_a_second_press_says_who_stopped_it_already(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("stop", delay=2)
    stack.press_stop(card, by="ben")
    again = stack.press_stop(card, by="ana", stale=True)
    stack.slack.wait_for(lambda: again.answers, what="an answer to the second press")
    assert stack.slack.person("ben").mention in words(again)
    over = stack.wait_card("ended", reason="stopped")
    assert f"Stopped by {stack.slack.person('ben').mention}" in over.said


def test_after_the_end_the_same_channel_is_recorded_again_with_a_card_of_its_own(stack: Stack) -> None:
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


def test_it_stops_at_the_time_limit_and_says_so(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="3")
    card = stack.recording()
    alert = stack.wait_alert("recording_ended", "time_limit")
    over = stack.wait_card("ended", reason="time_limit")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    began, ended = (datetime.fromisoformat(payload(over)[name]) for name in ("started_at", "ended_at"))
    assert timedelta(seconds=3) <= ended - began < timedelta(seconds=9)
    assert not stack.agora.running()
    assert [event(message) for message in stack.alerts()] == ["recording_ended"]
