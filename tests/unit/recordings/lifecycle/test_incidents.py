"""What concerns many recordings is told once for each Slack channel, and once when it is over."""

from __future__ import annotations

from dataclasses import replace

from recordings.lifecycle.incidents import Downtime, Review, downtime_alerts, review
from recordings.model.alerts import AlertKind, Incident
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.rows import NOW, at, turn_at, up, with_card


def silent(name: str = "rec1", channel: str = "C1", since: float = 0, asked: float = 300, **facts: object) -> Recording:
    """Without an answer since then, and asked for the last time at `asked`."""
    reason = facts.pop("unanswered_reason", Reason.AGORA_UNREACHABLE)
    known = {
        "id": name,
        "agora_channel": name,
        "slack_channel": channel,
        "unanswered_since": at(since),
        "queried_at": at(asked),
    }
    return up(**(known | {"unanswered_reason": reason} | facts))


def well(name: str = "rec1", channel: str = "C1", **facts: object) -> Recording:
    return up(id=name, agora_channel=name, slack_channel=channel, **facts)


OPEN = Incident(id="t1", slack_channel="C1", reason=Reason.AGORA_UNREACHABLE, recording_id="rec1", opened_at=at(300))


def told(found: Review) -> list[tuple[str, str, str]]:
    return [(str(alert.kind), str(alert.reason), alert.recording.id) for alert in found.alerts]


def test_nothing_is_told_before_the_time_is_up() -> None:
    assert review([silent(asked=299)], [], turn_at(299)) == Review()


def test_after_300_seconds_without_a_usable_answer_there_is_one_warning() -> None:
    found = review([silent()], [], turn_at(300))

    assert told(found) == [("recording_warning", "agora_unreachable", "rec1")]
    (incident,) = found.incidents
    assert (incident.slack_channel, incident.recording_id, incident.opened_at) == ("C1", "rec1", at(300))
    assert found.alerts[0].cause == incident.id


def test_credentials_that_are_no_longer_accepted_have_a_warning_of_their_own() -> None:
    found = review([silent(unanswered_reason=Reason.UNAUTHORIZED)], [], turn_at(300))

    assert told(found) == [("recording_warning", "unauthorized", "rec1")]


def test_each_slack_channel_is_warned_once_in_the_thread_of_its_oldest_card() -> None:
    active = [
        silent("young", "C1", requested_at=at(-10)),
        silent("old", "C1", requested_at=at(-20)),
        silent("other", "C2"),
        well("fine", "C3"),
    ]

    assert told(review(active, [], turn_at(300))) == [
        ("recording_warning", "agora_unreachable", "old"),
        ("recording_warning", "agora_unreachable", "other"),
    ]


def test_the_oldest_card_it_is_even_where_that_recording_is_well() -> None:
    active = [well("old", requested_at=at(-20)), silent("young", requested_at=at(-10))]

    assert told(review(active, [], turn_at(300))) == [("recording_warning", "agora_unreachable", "old")]


def test_an_open_trouble_is_not_told_again() -> None:
    assert review([silent(), silent("rec2")], [(OPEN, silent())], turn_at(900)) == Review()


def test_once_every_recording_of_the_channel_is_answered_that_is_told_once() -> None:
    found = review([well(), silent("elsewhere", "C2", since=800)], [(OPEN, well())], turn_at(900))

    assert told(found) == [("recording_recovered", "agora_unreachable", "rec1")]
    assert found.incidents == (replace(OPEN, closed_at=at(900)),)
    assert found.alerts[0].cause == "t1"


def test_while_one_of_them_is_silent_it_is_not_over() -> None:
    assert review([well(), silent("rec2")], [(OPEN, well())], turn_at(900)) == Review()


def test_a_trouble_ends_with_the_last_recording_of_its_channel() -> None:
    over = well(state=State.ENDED)

    assert told(review([], [(OPEN, over)], turn_at(900))) == [("recording_recovered", "agora_unreachable", "rec1")]


def test_a_second_trouble_is_another_one() -> None:
    first = review([silent()], [], turn_at(300))
    second = review([silent(since=1000, asked=1300)], [], turn_at(1300))

    assert first.incidents[0].id != second.incidents[0].id
    assert first.alerts[0].cause != second.alerts[0].cause


def test_one_that_has_no_recorder_yet_is_no_reason_to_warn() -> None:
    assert review([silent(sid=None, state=State.STARTING, asked=900)], [], turn_at(900)) == Review()


# nobody led for a while

PAUSE = Downtime(at(100), at(400))


def test_a_pause_is_noted_on_what_was_running_and_told_once_for_each_channel() -> None:
    active = [
        well("young", "C1", requested_at=at(-10)),
        well("old", "C1", requested_at=at(-20)),
        well("other", "C2"),
        with_card(id="starting", slack_channel="C3"),
    ]

    affected, alerts = downtime_alerts(active, PAUSE, turn_at(400))

    assert {r.id: (r.unwatched_from, r.unwatched_to) for r in affected} == dict.fromkeys(
        ["young", "old", "other"], (at(100), at(400))
    )
    assert sorted(alert.recording.id for alert in alerts) == ["old", "other"]
    assert {(alert.kind, alert.reason) for alert in alerts} == {(AlertKind.WARNING, Reason.UNWATCHED)}


def test_two_pauses_are_two_causes() -> None:
    _, (first,) = downtime_alerts([well()], PAUSE, turn_at(400))
    _, (second,) = downtime_alerts([well()], Downtime(at(1000), at(1400)), turn_at(1400))

    assert first.cause != second.cause
    assert first.raised_at > NOW


def test_where_nothing_was_running_nobody_missed_anything() -> None:
    assert downtime_alerts([], PAUSE, turn_at(400)) == ([], [])


def test_an_outage_that_turns_into_refused_credentials_is_told_as_that_and_not_as_well_again() -> None:
    refused = silent(unanswered_reason=Reason.UNAUTHORIZED)
    found = review([refused], [(OPEN, refused)], turn_at(400))

    assert told(found) == [("recording_warning", "unauthorized", "rec1")]
    assert [(each.reason, each.closed_at is not None) for each in found.incidents] == [
        (Reason.AGORA_UNREACHABLE, True),
        (Reason.UNAUTHORIZED, False),
    ]


def test_the_time_that_the_bot_was_away_is_not_taken_for_silence_of_agora() -> None:
    assert review([silent(asked=1)], [], turn_at(400)) == Review()


def test_a_pause_is_not_told_about_what_is_only_looked_for() -> None:
    """Nobody had to watch it: what Agora uploads comes without us."""
    looked_for = [
        up(id="a", state=State.UPLOADING, files_awaited=True, ended_at=at(5)),
        up(id="b", state=State.ENDED, reason=Reason.IDLE, files_awaited=True, ended_at=at(5)),
    ]

    assert downtime_alerts(looked_for, Downtime(at(10), at(900)), turn_at(900)) == ([], [])


def test_one_whose_files_are_looked_for_does_not_keep_a_trouble_open() -> None:
    looked_for = well(state=State.UPLOADING, files_awaited=True, ended_at=at(5))
    found = review([looked_for], [(OPEN, looked_for)], turn_at(400))

    assert told(found) == [("recording_recovered", "agora_unreachable", "rec1")]
