"""What listeners write: new recordings, and intents to stop, extend or change the layout."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from recordings.lifecycle.actions import Change
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.options import AppliedLayout, Layout, Media, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recording import HOLDS_CHANNEL, Recording, State
from tests.contract.conftest import Stored
from tests.fakes.intents import request_stop, set_end, set_layout
from tests.fakes.rows import NOW, a_recording, an_alert, at, changed, over, up


def test_a_new_recording_is_read_as_it_was_written(stored: Stored) -> None:
    requested = stored.added(a_recording(agora_channel="<&> daily", started_by="U7"))

    assert stored.recordings.recording("rec1") == requested


def test_an_unknown_recording_is_not_found(stored: Stored) -> None:
    assert stored.recordings.recording("nobody") is None
    assert stored.recordings.job("nobody") is None
    assert stored.recordings.card("nobody") is None
    assert stored.recordings.reply("nobody") is None


@pytest.mark.parametrize("state", sorted(HOLDS_CHANNEL))
def test_an_agora_channel_is_not_recorded_twice_at_once(stored: Stored, state: State) -> None:
    holder = stored.added(a_recording(id="first", state=state))

    assert stored.recordings.add_recording(a_recording(id="second", slack_channel="C2"), None) == holder
    assert stored.recordings.recording("second") is None


@pytest.mark.parametrize("state", sorted(set(State) - HOLDS_CHANNEL))
def test_a_recording_that_is_over_or_uploading_leaves_its_channel_free(stored: Stored, state: State) -> None:
    stored.added(a_recording(id="first", state=state))

    assert stored.recordings.add_recording(a_recording(id="second"), None) is None


def test_agora_channel_names_are_case_sensitive(stored: Stored) -> None:
    stored.added(a_recording(id="first", agora_channel="daily"))

    assert stored.recordings.add_recording(a_recording(id="second", agora_channel="Daily"), None) is None


def test_a_requested_stop_makes_the_recording_due_at_once(stored: Stored) -> None:
    stored.added(up(next_step_at=at(30)))

    requested = request_stop(stored.recordings, "rec1", "U2", at(12))

    assert (requested.intent.stop_by, requested.intent.stop_at, requested.next_step_at) == ("U2", at(12), at(12))
    assert stored.now_is() == requested
    assert stored.recordings.due(10) == [("rec1", at(12))]


def test_the_first_requested_stop_counts(stored: Stored) -> None:
    stored.added(up())
    first = request_stop(stored.recordings, "rec1", "U2", at(12))

    assert request_stop(stored.recordings, "rec1", "U3", at(13)) == first


@pytest.mark.parametrize("state", sorted(set(State) - HOLDS_CHANNEL))
def test_a_stop_is_not_written_once_the_recording_is_over(stored: Stored, state: State) -> None:
    stored.added(up(state=state))

    assert request_stop(stored.recordings, "rec1", "U2", at(12)) == stored.now_is() == up(state=state)


def test_a_stop_requested_during_a_step_is_neither_lost_nor_overwritten(stored: Stored) -> None:
    before = stored.added(up())
    request_stop(stored.recordings, "rec1", "U2", at(12))

    after = stored.saved(before, changed(before, status=4, next_step_at=at(30)))

    assert (after.intent.stop_by, after.intent.stop_at, after.probe.status) == ("U2", at(12), 4)
    assert after.next_step_at == NOW, "stays due"


def test_a_step_without_a_new_intent_sets_the_time_of_the_next_one(stored: Stored) -> None:
    before = stored.added(up())
    request_stop(stored.recordings, "rec1", "U2", at(12))
    requested = stored.now_is()
    assert requested.intent.revision > before.intent.revision

    assert stored.saved(requested, replace(requested, next_step_at=at(30))).next_step_at == at(30)


def test_recordings_of_a_slack_channel_come_newest_first(stored: Stored) -> None:
    for number, channel in enumerate(["C1", "C2", "C1", "C1"]):
        stored.added(over(id=f"r{number}", slack_channel=channel, agora_channel=f"a{number}", requested_at=at(number)))

    def found(**choice: str) -> list[str]:
        return [r.id for r in stored.recordings.of_channel("C1", agora_channel=choice.get("named"), limit=2)]

    assert found() == ["r3", "r2"]
    assert found(named="a0") == ["r0"]
    assert found(named="a1") == [], "that is another Slack channel's"


def test_active_recordings_of_a_slack_channel_come_oldest_first(stored: Stored) -> None:
    stored.added(up(id="late", agora_channel="b", requested_at=at(2)))
    stored.added(up(id="early", agora_channel="a", requested_at=at(1), state=State.UPLOADING))
    stored.added(over(id="over", agora_channel="c"))
    stored.added(up(id="elsewhere", agora_channel="d", slack_channel="C2"))

    assert [r.id for r in stored.recordings.active_in("C1")] == ["early", "late"]
    assert {r.id for r in stored.recordings.active()} == {"early", "late", "elsewhere"}


def test_a_redelivered_request_starts_nothing(stored: Stored) -> None:
    stored.recordings.add_recording(over(id="first"), None, "trigger 1")

    assert stored.recordings.recording_of_request("trigger 1") == over(id="first")
    assert stored.recordings.add_recording(a_recording(id="second"), None, "trigger 1") == over(id="first")
    assert stored.recordings.recording("second") is None


def test_a_request_that_stopped_a_recording_leads_back_to_it(stored: Stored) -> None:
    stored.added(up())
    request_stop(stored.recordings, "rec1", "U2", at(1), "trigger 2")

    assert stored.recordings.recording_of_request("trigger 2") == stored.now_is()


def test_the_options_of_a_recording_are_stored(stored: Stored) -> None:
    options = Options(media=Media.AUDIO, layout=Layout.SPEAKER, resolution=Resolution.P1080, lasts=2700.0)
    stored.added(a_recording(options=options))

    assert stored.now_is().options == options
    assert stored.saved(stored.now_is(), replace(stored.now_is(), tries=1)).options == options


# another layout


def test_a_chosen_layout_is_written_with_the_person_and_makes_the_recording_due(stored: Stored) -> None:
    stored.added(up(next_step_at=at(999), card_ts="1.1"))
    stored.recordings.mark_card_drawn("rec1", 1, "1.1", NOW, stored.epoch)
    wish = {"chosen_layout": Layout.SPEAKER, "layout_by": "U2", "layout_at": at(50)}

    before, after = set_layout(stored.recordings, "rec1", Layout.SPEAKER, "U2", at(50))

    assert before == up(next_step_at=at(999), card_ts="1.1")
    assert after == up(**wish, revision=1, next_step_at=at(50), card_ts="1.1")
    assert stored.now_is() == after
    assert [key for key, _ in stored.recordings.due_cards(9)] == ["rec1"]


def test_a_layout_that_changes_nothing_is_not_written_and_neither_is_its_request(stored: Stored) -> None:
    stored.added(up())
    audit_event = AuditEvent(
        at=at(50),
        who="U2",
        what=AuditAction.CHANGED_LAYOUT,
        source=Source.BUTTON,
        recording_id="rec1",
        slack_channel="C1",
    )
    unchanged = set_layout(stored.recordings, "rec1", Layout.GRID, "U2", at(50), "press 1", audit_event)

    assert unchanged == (up(), up())
    assert stored.recordings.recording_of_request("press 1") is None
    assert stored.audit_log.all() == []


def test_a_layout_request_that_is_delivered_four_times_is_written_once(stored: Stored) -> None:
    stored.added(up())
    audit_event = AuditEvent(
        at=at(50),
        who="U2",
        what=AuditAction.CHANGED_LAYOUT,
        source=Source.BUTTON,
        recording_id="rec1",
        slack_channel="C1",
    )
    with ThreadPoolExecutor(4) as deliveries:
        for done in [
            deliveries.submit(
                set_layout,
                stored.recordings,
                "rec1",
                Layout.SPEAKER,
                "U2",
                at(50),
                "press 1",
                audit_event,
            )
            for _ in range(4)
        ]:
            done.result()

    assert stored.now_is().intent.revision == 1
    assert stored.audit_log.all() == [audit_event]


def test_a_step_neither_overwrites_nor_delays_a_chosen_layout(stored: Stored) -> None:
    before = stored.added(up())
    set_layout(stored.recordings, "rec1", Layout.SPEAKER, "U2", at(50))
    shown = AppliedLayout(layout=Layout.GRID, big_uid=7, tries=2, due_at=at(60), refused_at=at(9))
    after = stored.saved(before, replace(before, applied_layout=shown, next_step_at=at(999)))

    assert (after.intent.layout, after.intent.layout_by, after.intent.layout_at) == (Layout.SPEAKER, "U2", at(50))
    assert (after.applied_layout, after.next_step_at) == (shown, NOW)


# a later end


def half_an_hour_later(recording: Recording) -> datetime | None:
    return (recording.intent.ends_at or at(3600)) + timedelta(minutes=30)


def test_a_later_end_is_written_with_the_person_and_makes_the_recording_due(stored: Stored) -> None:
    stored.added(up(next_step_at=at(999)))

    before, after = set_end(stored.recordings, "rec1", "U2", at(50), half_an_hour_later)

    assert before == up(next_step_at=at(999))
    assert after == up(ends_at=at(5400), extended_by="U2", revision=1, next_step_at=at(50))
    assert stored.now_is() == after


def test_a_later_end_makes_the_card_due(stored: Stored) -> None:
    stored.added(up(card_ts="1.1"))
    stored.recordings.mark_card_drawn("rec1", 1, "1.1", NOW, stored.epoch)
    set_end(stored.recordings, "rec1", "U2", at(50), half_an_hour_later)

    assert [key for key, _ in stored.recordings.due_cards(9)] == ["rec1"]


def test_a_later_end_is_computed_from_the_current_row(stored: Stored) -> None:
    stored.added(up())
    for by in ("U2", "U3"):
        set_end(stored.recordings, "rec1", by, at(50), half_an_hour_later)

    assert (stored.now_is().intent.ends_at, stored.now_is().intent.extended_by) == (at(7200), "U3")


def test_concurrent_extensions_all_count(stored: Stored) -> None:
    stored.added(up())
    with ThreadPoolExecutor(8) as people:
        for done in [
            people.submit(set_end, stored.recordings, "rec1", f"U{n}", at(50), half_an_hour_later) for n in range(8)
        ]:
            before, after = done.result()
            assert half_an_hour_later(before) == after.intent.ends_at

    assert (stored.now_is().intent.ends_at, stored.now_is().intent.revision) == (at(3600 + 8 * 1800), 8)


def test_an_end_that_cannot_move_is_not_written_and_neither_is_its_request(stored: Stored) -> None:
    stored.added(over())

    assert set_end(stored.recordings, "rec1", "U2", at(50), lambda row: None, "press 1") == (over(), over())
    assert stored.recordings.recording_of_request("press 1") is None


def test_a_redelivered_extension_counts_once(stored: Stored) -> None:
    stored.added(up())
    with ThreadPoolExecutor(4) as deliveries:
        for done in [
            deliveries.submit(set_end, stored.recordings, "rec1", "U2", at(50), half_an_hour_later, "press 1")
            for _ in range(4)
        ]:
            done.result()

    assert stored.now_is().intent.ends_at == at(5400)
    assert stored.recordings.recording_of_request("press 1") == stored.now_is()


def test_a_step_neither_overwrites_nor_delays_a_later_end(stored: Stored) -> None:
    before = stored.added(up())
    set_end(stored.recordings, "rec1", "U2", at(50), half_an_hour_later)
    after = stored.saved(before, changed(before, status=5, next_step_at=at(999)))

    assert (after.intent.ends_at, after.intent.extended_by, after.next_step_at) == (at(5400), "U2", NOW)


def test_a_stop_at_the_time_limit_is_not_written_if_somebody_extended_meanwhile(stored: Stored) -> None:
    before = stored.added(up(ends_at=at(60)))
    _, extended = set_end(stored.recordings, "rec1", "U2", at(60), half_an_hour_later)
    stopping = replace(before, state=State.STOPPING, stop_reason=Reason.TIME_LIMIT)
    alert = an_alert(stopping)

    assert stored.saved(before, Change(stopping, alerts=(alert,), only_if_unchanged=True)) == extended
    assert stored.outbox.due() == []
    assert stored.saved(extended, Change(replace(extended, tries=1), only_if_unchanged=True)).tries == 1


def test_unknown_and_unnamed_requests_lead_to_no_recording(stored: Stored) -> None:
    stored.recordings.add_recording(a_recording(), None, "trigger 1")
    stored.recordings.add_recording(a_recording(id="b", agora_channel="b"), None)
    request_stop(stored.recordings, "rec1", "U2", at(1))

    assert stored.recordings.recording_of_request("trigger 9") is None
    assert stored.recordings.recording_of_request(None) is None


def test_a_start_in_a_channel_that_is_recorded_is_not_kept_as_a_request(stored: Stored) -> None:
    stored.added(a_recording())
    stored.recordings.add_recording(a_recording(id="second"), None, "trigger 1")

    assert stored.recordings.recording_of_request("trigger 1") is None


@pytest.mark.parametrize(("hours", "known"), [(23, True), (25, False)])
def test_requests_are_forgotten_after_a_day(stored: Stored, hours: int, known: bool) -> None:
    stored.recordings.add_recording(a_recording(), None, "trigger 1")
    stored.recordings.forget_requests(at(hours * 3600))

    assert (stored.recordings.recording_of_request("trigger 1") is not None) is known


def test_an_extension_writes_one_event(stored: Stored) -> None:
    stored.added(up())
    audit_event = AuditEvent(
        at=at(50), who="U2", what=AuditAction.EXTENDED, source=Source.BUTTON, recording_id="rec1", slack_channel="C1"
    )
    for _ in range(2):
        set_end(stored.recordings, "rec1", "U2", at(50), half_an_hour_later, "press 1", audit_event)
    set_end(stored.recordings, "rec1", "U3", at(60), lambda row: None, "press 2", replace(audit_event, who="U3"))

    assert stored.audit_log.all() == [audit_event]
