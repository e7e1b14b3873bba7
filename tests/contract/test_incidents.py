"""Incidents: open until they are closed, one for a Slack channel at a time; pauses in which nobody watched."""

from __future__ import annotations

from typing import Any

from recordings.lifecycle.incidents import Downtime, Review
from recordings.model.alerts import AlertKind, Incident
from recordings.model.reason import Reason
from tests.contract.conftest import Stored
from tests.fakes.rows import NOW, an_alert, at, over, up


def an_incident(**facts: object) -> Incident:
    known: dict[str, Any] = {
        "id": "t1",
        "slack_channel": "C1",
        "reason": Reason.AGORA_UNREACHABLE,
        "recording_id": "rec1",
        "opened_at": NOW,
    }
    return Incident(**(known | facts))


def test_an_incident_is_open_until_it_is_closed(stored: Stored) -> None:
    recording = stored.added(up())
    warning = an_alert(recording, kind=AlertKind.WARNING, cause="t1")
    review = Review((an_incident(),), (warning,))
    assert stored.incidents.save(review, stored.epoch) == review

    assert stored.incidents.open() == [(an_incident(), recording)]
    assert [job.alert for job in stored.outbox.due()] == [warning]

    stored.incidents.save(Review((an_incident(closed_at=at(9)),), ()), stored.epoch)
    assert stored.incidents.open() == []


def test_an_open_incident_comes_with_its_recording_as_it_is_now(stored: Stored) -> None:
    before = stored.added(up())
    stored.incidents.save(Review((an_incident(),), ()), stored.epoch)
    after = stored.saved(before, over())

    assert stored.incidents.open() == [(an_incident(), after)]


def test_a_slack_channel_can_have_another_incident_after_one_is_closed(stored: Stored) -> None:
    stored.added(up())
    stored.incidents.save(Review((an_incident(),), ()), stored.epoch)
    stored.incidents.save(Review((an_incident(closed_at=at(9)), an_incident(id="t2")), ()), stored.epoch)

    assert [incident.id for incident, _ in stored.incidents.open()] == ["t2"]


def test_a_pause_is_noted_on_the_affected_recordings_and_makes_their_cards_due(
    stored: Stored,
) -> None:
    before = stored.added(up(slack_channel="C1", card_ts="1.1"))
    stored.added(up(id="other", agora_channel="other"))
    warning = an_alert(before, kind=AlertKind.WARNING, reason=Reason.UNWATCHED, cause="unwatched")

    stored.incidents.save_downtime(Downtime(at(1), at(9)), [before], [warning], stored.epoch)

    row, other = stored.now_is(), stored.now_is("other")
    assert (row.unwatched_from, row.unwatched_to) == (at(1), at(9))
    assert (other.unwatched_from, other.unwatched_to) == (None, None)
    assert ("rec1", at(9)) in stored.recordings.due_cards(10)
    assert [job.alert for job in stored.outbox.due()] == [warning]
