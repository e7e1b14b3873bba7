"""The whole way, as people see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.system.conftest import ON_BOTH, Office, event, payload, states, words


@ON_BOTH
def test_a_call_is_recorded_from_start_to_a_stop_by_somebody_else(office: Office) -> None:
    office.start()
    begun = datetime.now(UTC)
    office.agora.join("daily", 1001)
    answer = office.command("start daily")
    assert "`daily`" in words(answer)
    card = office.wait_red()
    up = payload(card)
    recorder = office.agora.running()[0]
    assert up == {
        "recording_id": up["recording_id"],
        "agora_channel": "daily",
        "slack_channel": office.slack.workspace.channel("daily").id,
        "state": "recording",
        "sid": recorder.sid,
        "started_by": office.slack.person("ana").id,
        "started_at": up["started_at"],
    }
    started_at = datetime.fromisoformat(up["started_at"])
    assert started_at.utcoffset() == timedelta(0)
    assert begun <= started_at <= datetime.now(UTC)
    assert office.slack.person("ana").mention in card.said
    assert f"<!date^{int(started_at.timestamp())}^" in card.said
    assert "at the latest" in card.said

    answer = office.command("stop", by="ben")
    assert "`daily`" in words(answer)
    over = office.wait_card("ended", reason="stopped")
    assert over is card
    assert payload(over) == up | {"state": "ended", "reason": "stopped", "ended_at": payload(over)["ended_at"]}
    assert started_at < datetime.fromisoformat(payload(over)["ended_at"]) <= datetime.now(UTC)
    assert f"Stopped by {office.slack.person('ben').mention}" in over.said
    assert all(file in over.said for file in office.agora.recorder("daily").files)
    assert "stop_recording" not in over.elements
    assert [state for state in states(over) if state not in ("stopping", "uploading")] == [
        "starting",
        "recording",
        "ended",
    ]
    assert office.cards() == [over]
    assert office.alerts() == []
    assert not office.agora.running()
    assert len(office.agora.recorders()) == 1


def test_the_card_is_there_before_agora_is_asked_for_anything(office: Office) -> None:
    office.start()
    fault = office.slack.faults.add("chat.postMessage", delay=1.5, times=1)
    office.command("start daily")
    office.slack.wait_for(lambda: fault.hits, what="the card on its way")
    assert office.agora.requests() == []
    office.wait_card("starting")
    office.wait_agora(lambda agora: agora.requests("acquire"))
    assert min(seen.wall for seen in office.agora.requests("acquire")) > office.cards()[0].at


def test_the_recorder_is_asked_for_as_agora_wants_it(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001)
    office.command("start daily")
    office.wait_card("recording")
    recorder = office.agora.running()[0]
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


def test_the_button_on_the_card_asks_first_and_stops(office: Office) -> None:
    office.start()
    card = office.recording()
    press = office.press_stop(card, by="ben")
    assert press.acknowledged
    assert press.confirm is not None
    again = office.press_stop(card, by="ana", stale=True)
    assert again.acknowledged
    over = office.wait_card("ended", reason="stopped")
    assert office.slack.person("ben").mention in over.said
    assert payload(over)["started_by"] == office.slack.person("ana").id
    assert len([seen for seen in office.agora.requests("stop") if seen.status == 200]) == 1

    late = office.press_stop(over, stale=True)
    assert office.slack.person("ben").mention in words(late)
    assert states(office.cards()[-1])[-1] == "ended"
    assert office.alerts() == []
    assert not office.agora.running()


def test_a_second_press_says_who_stopped_it_already(office: Office) -> None:
    office.start()
    card = office.recording()
    office.agora.fault("stop", delay=2)
    office.press_stop(card, by="ben")
    again = office.press_stop(card, by="ana", stale=True)
    office.slack.wait_for(lambda: again.answers, what="an answer to the second press")
    assert office.slack.person("ben").mention in words(again)
    over = office.wait_card("ended", reason="stopped")
    assert f"Stopped by {office.slack.person('ben').mention}" in over.said


def test_after_the_end_the_same_channel_is_recorded_again_with_a_card_of_its_own(office: Office) -> None:
    office.start()
    first = office.recording()
    office.command("stop")
    office.wait_card("ended")
    office.command("start daily")
    second = office.wait_card("recording")
    assert second is not first
    assert payload(first)["state"] == "ended"
    assert payload(second)["recording_id"] != payload(first)["recording_id"]
    uids = [recorder.uid for recorder in office.agora.recorders()]
    assert len(set(uids)) == 2


def test_it_stops_at_the_time_limit_and_says_so(office: Office) -> None:
    office.start(MAX_DURATION_SECONDS="3")
    card = office.recording()
    alert = office.wait_alert("recording_ended", "time_limit")
    over = office.wait_card("ended", reason="time_limit")
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    began, ended = (datetime.fromisoformat(payload(over)[name]) for name in ("started_at", "ended_at"))
    assert timedelta(seconds=3) <= ended - began < timedelta(seconds=9)
    assert not office.agora.running()
    assert [event(message) for message in office.alerts()] == ["recording_ended"]
