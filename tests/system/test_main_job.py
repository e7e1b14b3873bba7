"""A recording from start to end, as people see it in Slack, by a bot process on either database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.system.conftest import ON_BOTH, Stack, payload, states, words


@ON_BOTH
def test_one_person_starts_a_recording_and_another_stops_it(stack: Stack) -> None:
    stack.start()
    before = datetime.now(UTC)
    stack.agora.join("daily", 1001)
    answer = stack.command("start daily")
    assert "*daily*" in words(answer)
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
    assert "unless someone adds time" in card.said

    answer = stack.command("stop", by="ben")
    assert "*daily*" in words(answer)
    over = stack.wait_card("ended", reason="stopped")
    assert over is card
    assert payload(over) == shown | {"state": "ended", "reason": "stopped", "ended_at": payload(over)["ended_at"]}
    assert started_at < datetime.fromisoformat(payload(over)["ended_at"]) <= datetime.now(UTC)
    assert f"stopped by {stack.slack.person('ben').mention}" in over.said
    place = stack.slack.person("ben").choose(over, "more", "Show location")
    stack.slack.wait_for(lambda: place.answers, what="the location")
    assert all(file in words(place) for file in stack.agora.recorder("daily").files)
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

    late = stack.press_stop(over, by="ana", stale=True)
    stack.slack.wait_for(lambda: late.answers, what="an answer to the late press")
    assert stack.slack.person("ben").mention in words(late)
