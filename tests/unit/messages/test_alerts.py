"""An alert says what happened in one sentence, what to do next, whom it concerns, and a reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from messages.alerts import alert_message
from messages.blocks import Message, clock, date_and_time
from messages.buttons import ACKNOWLEDGE_ACTION, AGAIN_ACTION, DETAILS_ACTION
from messages.cards import EXTEND_ACTION
from messages.config import MessageConfig
from messages.copy import ENDED, FAILED, RECOVERED, WARNING, Wording
from messages.files import LINKS_ACTION
from recordings.model.alerts import Acknowledgement, AlertKey, AlertKind
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import Gap, Reported
from tests.fakes.rendered import elements, pressable, words
from tests.fakes.rows import a_delivery, a_lost_segment, an_alert, at, over, up

TABLES: dict[AlertKind, dict[Reason, Wording]] = {
    AlertKind.FAILED: FAILED,
    AlertKind.WARNING: WARNING,
    AlertKind.RECOVERED: RECOVERED,
    AlertKind.ENDED: ENDED,
}
EVERY = [(kind, reason) for kind, table in TABLES.items() for reason in table]
NEEDS_SOMEBODY = (AlertKind.FAILED, AlertKind.WARNING)
FOLDER = "bucket/recordings/C1"
CONFIG = MessageConfig(14_400, lambda recording: FOLDER, 1_800)


def rendered(recording: Recording | None = None, *, direct: bool = False, **facts: Any) -> Message:
    """The message of an alert about this recording."""
    return alert_message(an_alert(recording or up(), **facts), CONFIG, direct=direct)


def test_every_alert_says_what_happened_and_what_to_do_with_a_reference() -> None:
    for kind, reason in EVERY:
        message, wording = rendered(kind=kind, reason=reason), TABLES[kind][reason]

        assert wording.happened in words(message), (kind, reason)
        assert wording.next_step in words(message), (kind, reason)
        assert "Reference `rec1`" in words(message), (kind, reason)
        assert wording.happened in message.text, (kind, reason, "notifications show it too")


def test_an_alert_mentions_the_person_only_if_somebody_has_to_act() -> None:
    for kind, reason in EVERY:
        mentioned = "<@U1>" in words(rendered(kind=kind, reason=reason))

        assert mentioned is (kind in NEEDS_SOMEBODY), (kind, reason)


def test_an_alert_about_the_whole_channel_names_no_recording() -> None:
    about_channel = {Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED, Reason.UNWATCHED}
    for kind, reason in EVERY:
        message = rendered(up(agora_channel="weekly"), kind=kind, reason=reason)
        many = kind in (AlertKind.WARNING, AlertKind.RECOVERED) and reason in about_channel

        assert ("weekly" in words(message)) is not many, (kind, reason)
        assert ("weekly" in message.text) is not many, (kind, reason)


def test_the_warning_before_the_end_shows_the_end_and_the_button_that_moves_it() -> None:
    alert = an_alert(up(ends_at=at(2700)), kind=AlertKind.WARNING, reason=Reason.ENDING_SOON)
    message = alert_message(alert, replace(CONFIG, extension=3600))
    (element,) = elements(message)

    assert f"It is stopped at {date_and_time(at(2700))}." in words(message)
    assert (element["action_id"], element["value"], element["text"]["text"]) == (EXTEND_ACTION, "rec1", "Extend 1 h")
    assert all(block["type"] != "actions" for block in alert_message(alert, CONFIG, direct=True).blocks)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("daily", "daily"),
        ("team call", '"team call"'),
        ("#daily", '"#daily"'),
        ("a<b", "a&lt;b"),
        (":x:", '":x:"'),
        ("for", '"for"'),
        ("Until", '"Until"'),
    ],
)
def test_a_failure_has_the_command_to_start_again(name: str, typed: str) -> None:
    assert f"`/record start {typed}`" in rendered(up(agora_channel=name)).text
    assert f"`/record start {typed}`" in words(rendered(up(agora_channel=name), direct=True))


def test_a_failure_shows_agoras_own_words() -> None:
    failed = over(detail="504/62 <busy>")

    assert "504/62 &lt;busy&gt;" in words(rendered(failed))
    assert "504/62" not in words(rendered(failed, kind=AlertKind.WARNING, reason=Reason.NOTHING_STORED))


def test_metadata_has_the_kind_the_reason_and_the_state_when_the_alert_was_raised() -> None:
    metadata = rendered(kind=AlertKind.WARNING, reason=Reason.NOTHING_STORED).metadata

    assert metadata["event_type"] == "recording_warning"
    payload = metadata["event_payload"]
    assert (payload["reason"], payload["state"], payload["sid"]) == ("nothing_stored", "recording", "SID")


def test_a_direct_message_says_why_it_is_one() -> None:
    assert "can't post in <#C1>" in words(rendered(direct=True))


# the files

MISSING = Delivery(state=DeliveryState.MISSING, missing=("SID_daily_0.mp4",), size=9000)


def warned(recording: Recording, reason: Reason = Reason.NOT_DELIVERED) -> Message:
    return rendered(recording, kind=AlertKind.WARNING, reason=reason)


def ready(recording: Recording, *, direct: bool = False) -> Message:
    return rendered(recording, direct=direct, kind=AlertKind.FILES, reason=None)


def test_missing_files_are_listed_with_their_folder_and_the_sid() -> None:
    shown = words(warned(over(delivery=MISSING, files_awaited=True)))

    assert "Missing files:\n`SID_daily_0.mp4`" in shown
    assert f"Looked in `{FOLDER}`" in shown
    assert "sid `SID`" in shown


def test_the_alert_promises_further_checks_only_while_there_are_some() -> None:
    looking = over(delivery=MISSING, files_awaited=True)

    assert "I go on looking for a day" in words(warned(looking))
    assert "looking" not in words(warned(replace(looking, files_awaited=False))), "the day of Agora's backup is over"
    refused = over(delivery=Delivery(state=DeliveryState.MISSING, code="NoSuchBucket"))
    assert "looking" not in words(warned(refused)), "nothing will come"


def test_an_empty_file_is_reported_as_empty() -> None:
    tiny = Delivery(
        state=DeliveryState.MISSING,
        media_files=(MediaFile(key="a_0.mp4", size=112),),
        empty=("a_0.mp4",),
        size=112,
        seconds=3600,
    )
    shown = words(warned(over(delivery=tiny)))

    assert "Empty files:\n`a_0.mp4`" in shown
    assert "1 part" not in shown


def test_a_key_that_the_storage_refuses_is_reported() -> None:
    shown = words(warned(over(delivery=Delivery(state=DeliveryState.MISSING, code="InvalidAccessKeyId"))))

    assert "rejects the key or the bucket (InvalidAccessKeyId)" in shown


def test_an_alert_about_agoras_backup_has_the_sid_for_agoras_support() -> None:
    uploading = up(state=State.UPLOADING, delivery=Delivery(state=DeliveryState.IN_BACKUP), files_awaited=True)

    assert "sid `SID`" in words(warned(uploading, Reason.IN_BACKUP))


def test_the_alert_about_files_has_count_duration_size_and_a_button() -> None:
    message = ready(over(delivery=a_delivery(800_000_000, 400_000_000)))

    assert "1 h 5 min · 2 files, 1.2 GB" in words(message)
    assert "1 h 5 min · 2 files, 1.2 GB" in message.text
    assert FOLDER not in words(message), "Details has it"
    assert pressable(message) == [LINKS_ACTION]
    assert "<@" not in words(message), "nobody has to act"


def test_without_an_mp4_file_there_is_no_button_and_the_streaming_segments_are_mentioned() -> None:
    message = ready(over(delivery=replace(a_delivery(), media_files=())))

    assert pressable(message) == []
    assert "saved as streaming segments; your recording admin can recover it" in words(message)


def test_a_direct_message_about_files_has_no_button_because_links_are_for_members() -> None:
    message = ready(over(delivery=a_delivery()), direct=True)

    assert pressable(message) == []
    assert "can't post in <#C1>" in words(message)


@pytest.mark.parametrize("row", [over(), over(state=State.FAILED, reason=Reason.LOST)])
def test_metadata_of_the_alert_about_files_says_how_the_recording_ended(row: Recording) -> None:
    metadata = ready(replace(row, delivery=a_delivery())).metadata

    assert metadata["event_type"] == "recording_files"
    assert metadata["event_payload"]["state"] == str(row.state)
    assert metadata["event_payload"]["reason"] == str(row.reason)


# the buttons

CALL_MAY_GO_ON = {Reason.TIME_LIMIT, Reason.IDLE, Reason.STOPPED_ELSEWHERE}


def test_every_alert_has_the_buttons_for_what_can_be_done() -> None:
    for kind, reason in EVERY:
        message = rendered(kind=kind, reason=reason)
        again = kind is AlertKind.FAILED or (kind is AlertKind.ENDED and reason in CALL_MAY_GO_ON)
        soon = reason is Reason.ENDING_SOON
        expected = {
            AGAIN_ACTION: again,
            ACKNOWLEDGE_ACTION: kind in NEEDS_SOMEBODY and not soon,
            DETAILS_ACTION: kind is not AlertKind.RECOVERED and not soon,
            EXTEND_ACTION: soon,
        }

        assert {action: action in pressable(message) for action in expected} == expected, (kind, reason)
        assert ("To record again" in message.text) is again, (kind, reason, "for clients that show no buttons")
        assert "To record again" not in words(message), (kind, reason)


def test_a_direct_message_has_no_buttons() -> None:
    for kind, reason in EVERY:
        assert pressable(rendered(kind=kind, reason=reason, direct=True)) == [], (kind, reason)


def test_the_acknowledge_button_has_the_key_of_its_alert() -> None:
    alert = an_alert(up(), cause="T-1|lost", kind=AlertKind.WARNING)
    values = [element["value"] for element in elements(alert_message(alert, CONFIG))]

    assert AlertKey.read(values[0]) == AlertKey("rec1", AlertKind.WARNING, "T-1|lost") == AlertKey.of(alert)


@pytest.mark.parametrize("value", ["", "rec1", "rec1|recording_failed", "rec1|nothing|lost", "||"])
def test_an_invalid_alert_key_is_rejected(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AlertKey.read(value)


def test_an_acknowledged_alert_shows_by_whom_in_place_of_the_button() -> None:
    alert = an_alert(up())
    message = alert_message(alert, CONFIG, acknowledgement=Acknowledgement("U7", at(90)))

    assert f"<@U7> is on it, since {clock(at(90))}" in words(message)
    assert pressable(message) == [AGAIN_ACTION, DETAILS_ACTION]
    assert message.metadata == alert_message(alert, CONFIG).metadata


# lost recorders


def test_the_warning_about_a_lost_recorder_names_the_new_part_and_the_gap() -> None:
    message = rendered(up(lost_segments=(a_lost_segment(),)), kind=AlertKind.WARNING, reason=Reason.LOST)

    assert f"Part 2 since {clock(at(170))}" in words(message)
    assert f"{clock(at(30))} to {clock(at(170))} is missing (2 min 20 s)" in words(message)
    assert pressable(message) == [ACKNOWLEDGE_ACTION, DETAILS_ACTION], "nothing has to be started"


def test_the_alert_about_files_names_the_gaps() -> None:
    resumed = over(lost_segments=(a_lost_segment(),), delivery=a_delivery())
    stopped = over(lost_segments=(a_lost_segment(resumed_at=None),), delivery=a_delivery())

    assert f"{clock(at(30))} to {clock(at(170))} is missing (2 min 20 s)" in words(ready(resumed))
    assert f"lost at {clock(at(30))}: nothing was recorded after that" in words(ready(stopped))


def test_without_a_gap_the_warning_about_a_lost_recorder_says_so() -> None:
    row = up(lost_segments=(a_lost_segment(left_at=at(180)),))

    assert "Nothing should be missing" in words(rendered(row, kind=AlertKind.WARNING, reason=Reason.LOST))


def test_a_gap_that_agora_reported_replaces_the_estimated_one() -> None:
    gaps = (Gap(begun_at=at(12), ended_at=at(14)), Gap(begun_at=at(44), ended_at=at(168)))
    row = up(lost_segments=(a_lost_segment(),), reported=Reported(gaps=gaps))
    shown = words(rendered(row, kind=AlertKind.WARNING, reason=Reason.LOST))

    assert shown.count("is missing") == 1
    assert f"{clock(at(44))} to {clock(at(168))} is missing" in shown


@pytest.mark.parametrize("reason", [Reason.OVERLOADED, Reason.UNAVAILABLE, Reason.NEVER_STARTED])
def test_a_failed_resume_says_when_the_recorder_was_lost_and_why_no_other_came(reason: Reason) -> None:
    failed = over(state=State.FAILED, reason=reason, lost_segments=(a_lost_segment(resumed_at=None),))
    message = rendered(failed, reason=reason)

    for part in ("was lost", "could not record on", f"since {clock(at(30))}", FAILED[reason].happened):
        assert part in words(message)
        assert part in message.text
    assert FAILED[reason].next_step in words(message)


def test_a_failure_after_a_resume_is_reported_like_any_other() -> None:
    failed = over(state=State.FAILED, reason=Reason.CRASHED, lost_segments=(a_lost_segment(),))

    assert "could not record on" not in words(rendered(failed, reason=Reason.CRASHED))
