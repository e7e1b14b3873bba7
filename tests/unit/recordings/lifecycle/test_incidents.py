"""Incidents and downtimes: one warning for each Slack channel, and one recovery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recordings.lifecycle.incidents import Downtime, Review, downtime_alerts, review
from recordings.model.alerts import AlertKind, Incident
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from tests.fakes.rows import NOW, at, turn_at, up, with_card


def unanswered(
    name: str = "rec1", channel: str = "C1", since: float = 0, queried: float = 300, **facts: object
) -> Recording:
    """Unanswered since then; the last query was at `queried`."""
    reason = facts.pop("unanswered_reason", Reason.AGORA_UNREACHABLE)
    known = {
        "id": name,
        "agora_channel": name,
        "slack_channel": channel,
        "unanswered_since": at(since),
        "queried_at": at(queried),
    }
    return up(**(known | {"unanswered_reason": reason} | facts))


def well(name: str = "rec1", channel: str = "C1", **facts: object) -> Recording:
    return up(id=name, agora_channel=name, slack_channel=channel, **facts)


OPEN = Incident(id="t1", slack_channel="C1", reason=Reason.AGORA_UNREACHABLE, recording_id="rec1", opened_at=at(300))


def raised(result: Review) -> list[tuple[str, str, str]]:
    return [(str(alert.kind), str(alert.reason), alert.recording.id) for alert in result.alerts]


def test_no_incident_is_opened_before_the_time_is_up() -> None:
    assert review([unanswered(queried=299)], [], turn_at(299)) == Review()


def test_after_300_seconds_without_a_usable_answer_there_is_one_warning() -> None:
    result = review([unanswered()], [], turn_at(300))

    assert raised(result) == [("recording_warning", "agora_unreachable", "rec1")]
    (incident,) = result.incidents
    assert (incident.slack_channel, incident.recording_id, incident.opened_at) == ("C1", "rec1", at(300))
    assert result.alerts[0].cause == incident.id


def test_refused_credentials_have_their_own_warning() -> None:
    result = review([unanswered(unanswered_reason=Reason.UNAUTHORIZED)], [], turn_at(300))

    assert raised(result) == [("recording_warning", "unauthorized", "rec1")]


def test_each_slack_channel_gets_one_warning_in_the_thread_of_its_oldest_card() -> None:
    active = [
        unanswered("young", "C1", requested_at=at(-10)),
        unanswered("old", "C1", requested_at=at(-20)),
        unanswered("other", "C2"),
        well("fine", "C3"),
    ]

    assert raised(review(active, [], turn_at(300))) == [
        ("recording_warning", "agora_unreachable", "old"),
        ("recording_warning", "agora_unreachable", "other"),
    ]


def test_the_warning_is_in_the_thread_of_the_oldest_card_even_if_that_recording_is_well() -> None:
    active = [well("old", requested_at=at(-20)), unanswered("young", requested_at=at(-10))]

    assert raised(review(active, [], turn_at(300))) == [("recording_warning", "agora_unreachable", "old")]


def test_answers_that_can_not_be_read_are_reported_about_a_recording_that_they_concern() -> None:
    unreadable: dict[str, Any] = {"unreadable_answer": "status 99"}
    active = [well("old", requested_at=at(-20)), unanswered("young", requested_at=at(-10), **unreadable)]
    result = review(active, [], turn_at(300))

    assert raised(result) == [("recording_warning", "agora_unreachable", "young")]
    assert result.incidents[0].recording_id == "young"
    assert result.alerts[0].recording.probe.unreadable_answer == "status 99"

    both = review([unanswered("old", requested_at=at(-30)), *active], [], turn_at(300))
    assert raised(both) == [("recording_warning", "agora_unreachable", "old")], "Agora does not answer at all"


def test_an_open_incident_is_not_reported_again() -> None:
    assert review([unanswered(), unanswered("rec2")], [(OPEN, unanswered())], turn_at(900)) == Review()


def test_an_incident_is_closed_once_every_recording_of_the_channel_is_answered() -> None:
    result = review([well(), unanswered("elsewhere", "C2", since=800)], [(OPEN, well())], turn_at(900))

    assert raised(result) == [("recording_recovered", "agora_unreachable", "rec1")]
    assert result.incidents == (replace(OPEN, closed_at=at(900)),)
    assert result.alerts[0].cause == "t1"


def test_an_incident_stays_open_while_one_recording_is_unanswered() -> None:
    assert review([well(), unanswered("rec2")], [(OPEN, well())], turn_at(900)) == Review()


def test_an_incident_is_closed_with_the_last_recording_of_its_channel() -> None:
    over = well(state=State.ENDED)

    assert raised(review([], [(OPEN, over)], turn_at(900))) == [("recording_recovered", "agora_unreachable", "rec1")]


def test_a_second_incident_has_another_id() -> None:
    first = review([unanswered()], [], turn_at(300))
    second = review([unanswered(since=1000, queried=1300)], [], turn_at(1300))

    assert first.incidents[0].id != second.incidents[0].id
    assert first.alerts[0].cause != second.alerts[0].cause


def test_a_recording_without_a_recorder_opens_no_incident() -> None:
    assert review([unanswered(sid=None, state=State.STARTING, queried=900)], [], turn_at(900)) == Review()


# downtime

DOWNTIME = Downtime(at(100), at(400))


def test_a_downtime_is_noted_on_running_recordings_and_reported_once_for_each_channel() -> None:
    active = [
        well("young", "C1", requested_at=at(-10)),
        well("old", "C1", requested_at=at(-20)),
        well("other", "C2"),
        with_card(id="starting", slack_channel="C3"),
    ]

    affected, alerts = downtime_alerts(active, DOWNTIME, turn_at(400))

    assert {r.id: (r.unwatched_from, r.unwatched_to) for r in affected} == dict.fromkeys(
        ["young", "old", "other"], (at(100), at(400))
    )
    assert sorted(alert.recording.id for alert in alerts) == ["old", "other"]
    assert {(alert.kind, alert.reason) for alert in alerts} == {(AlertKind.WARNING, Reason.UNWATCHED)}


def test_two_downtimes_have_two_causes() -> None:
    _, (first,) = downtime_alerts([well()], DOWNTIME, turn_at(400))
    _, (second,) = downtime_alerts([well()], Downtime(at(1000), at(1400)), turn_at(1400))

    assert first.cause != second.cause
    assert first.raised_at > NOW


def test_a_downtime_without_running_recordings_is_not_reported() -> None:
    assert downtime_alerts([], DOWNTIME, turn_at(400)) == ([], [])


def test_an_outage_that_turns_into_refused_credentials_is_a_new_incident_and_no_recovery() -> None:
    refused = unanswered(unanswered_reason=Reason.UNAUTHORIZED)
    result = review([refused], [(OPEN, refused)], turn_at(400))

    assert raised(result) == [("recording_warning", "unauthorized", "rec1")]
    assert [(incident.reason, incident.closed_at is not None) for incident in result.incidents] == [
        (Reason.AGORA_UNREACHABLE, True),
        (Reason.UNAUTHORIZED, False),
    ]


def test_the_downtime_of_the_bot_does_not_count_as_silence_of_agora() -> None:
    assert review([unanswered(queried=1)], [], turn_at(400)) == Review()


def test_a_downtime_is_not_reported_for_recordings_that_only_await_files() -> None:
    """Agora uploads without the bot."""
    uploading = [
        up(id="a", state=State.UPLOADING, files_awaited=True, ended_at=at(5)),
        up(id="b", state=State.ENDED, reason=Reason.IDLE, files_awaited=True, ended_at=at(5)),
    ]

    assert downtime_alerts(uploading, Downtime(at(10), at(900)), turn_at(900)) == ([], [])


def test_a_recording_that_awaits_files_does_not_keep_an_incident_open() -> None:
    uploading = well(state=State.UPLOADING, files_awaited=True, ended_at=at(5))
    result = review([uploading], [(OPEN, uploading)], turn_at(400))

    assert raised(result) == [("recording_recovered", "agora_unreachable", "rec1")]
