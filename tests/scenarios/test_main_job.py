"""The whole way from `/record start` to the end, as people see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.slack import Interaction
from tests.scenarios.stack import LOOK_SECONDS, Stack, payload, states, words


def test_a_call_is_recorded_until_somebody_else_stops_it(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    assert "*daily*" in words(stack.command("start daily"))
    card = stack.wait_red()
    assert payload(card)["state"] == "recording"
    assert payload(card)["sid"] == stack.agora.running()[0].sid

    assert "*daily*" in words(stack.command("stop", by="ben"))
    over = stack.wait_card("ended", reason="stopped")

    assert over is card
    assert [state for state in states(over) if state not in ("stopping", "uploading")] == [
        "starting",
        "recording",
        "ended",
    ]
    assert stack.alerts() == []
    assert not stack.agora.running()


def test_a_lost_recorder_is_replaced_and_the_channel_told(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.agora.kill("daily")
    stack.wait_alert("recording_warning", "lost")
    assert payload(stack.cards()[-1])["state"] == "recording"


def test_agora_gets_no_request_before_the_card_is_posted(stack: Stack) -> None:
    stack.start()
    fault = stack.slack.faults.add("chat.postMessage", error="ratelimited")
    stack.command("start daily")
    stack.run_for(30)
    assert fault.hits > 0
    assert stack.agora.requests() == []
    stack.slack.faults.clear(fault)
    stack.wait_agora(lambda agora: agora.requests("acquire"))
    assert min(request.wall for request in stack.agora.requests("acquire")) >= stack.cards()[0].at


def test_the_requests_for_a_recorder_are_valid_for_agora(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.command("start daily")
    asked_at = stack.now
    stack.wait_card("recording")
    recorder = stack.agora.running()[0]
    assert recorder.uid >= 3_500_000_000
    assert recorder.token_problem is None
    assert recorder.token_expires_at == pytest.approx(asked_at.timestamp() + 24 * 3600, abs=60)
    request: dict[str, Any] = dict(recorder.request)
    assert request["recordingFileConfig"] == {"avFileType": ["hls", "mp4"]}
    prefix = request["storageConfig"]["fileNamePrefix"]
    assert all(folder.isascii() and folder.isalnum() for folder in prefix)
    assert f"{asked_at:%Y%m%d}" in "".join(prefix)
    transcoding = request["recordingConfig"]["transcodingConfig"]
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
    assert stack.slack.person("ben").mention in stack.answer(late)
    assert states(stack.cards()[-1])[-1] == "ended"
    assert stack.alerts() == []
    assert not stack.agora.running()


def test_a_second_press_is_answered_with_who_stopped_it(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    second: list[Interaction] = []
    stack.meanwhile("stop", lambda: second.append(stack.press_stop(card, by="ana", stale=True)))
    stack.press_stop(card, by="ben")
    stack.wait_for(lambda: second, what="the request to stop")
    assert stack.slack.person("ben").mention in stack.answer(second[0])
    over = stack.wait_card("ended", reason="stopped")
    assert f"stopped by {stack.slack.person('ben').mention}" in over.said


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
    stack.start(MAX_DURATION_SECONDS="60")
    card = stack.recording()
    alert = stack.wait_alert("recording_ended", "time_limit")
    over = stack.wait_card("ended", reason="time_limit")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    started_at, ended_at = (datetime.fromisoformat(payload(over)[name]) for name in ("started_at", "ended_at"))
    recorded = ended_at - started_at
    assert timedelta(seconds=60) <= recorded <= timedelta(seconds=60 + 2 * LOOK_SECONDS), recorded
    assert not stack.agora.running()
    assert stack.alert_kinds() == [("recording_ended", "time_limit")]
