"""An alert: what happened in one sentence, what to do next, whom it concerns, and a reference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from messages.alerts import alert_message
from messages.blocks import Message, clock, date_and_time
from messages.buttons import ACKNOWLEDGE_ACTION, AGAIN_ACTION, DETAILS_ACTION
from messages.cards import EXTEND_ACTION
from messages.copy import ENDED, FAILED, RECOVERED, WARNING, Wording
from messages.files import LINKS_ACTION
from recordings.model.alerts import Acknowledgement, AlertKey, AlertKind
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.reported import Gap, Reported
from tests.fakes.rows import a_delivery, a_lost_segment, an_alert, at, over, up
from tests.unit.messages.test_cards import words

TABLES: dict[AlertKind, dict[Reason, Wording]] = {
    AlertKind.FAILED: FAILED,
    AlertKind.WARNING: WARNING,
    AlertKind.RECOVERED: RECOVERED,
    AlertKind.ENDED: ENDED,
}
EVERY = [(kind, reason) for kind, table in TABLES.items() for reason in table]
MANY = {Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED, Reason.UNWATCHED}


@pytest.mark.parametrize(("kind", "reason"), EVERY)
def test_it_says_what_happened_what_to_do_and_a_reference(kind: AlertKind, reason: Reason) -> None:
    message = alert_message(an_alert(up(), kind=kind, reason=reason))
    said = words(message)

    assert TABLES[kind][reason].happened in said
    assert TABLES[kind][reason].next_step in said
    assert "Reference `rec1`" in said
    assert TABLES[kind][reason].happened in message.text, "notifications show it too"


@pytest.mark.parametrize(("kind", "reason"), EVERY)
def test_whoever_started_it_is_mentioned_where_a_person_is_needed(kind: AlertKind, reason: Reason) -> None:
    said = words(alert_message(an_alert(up(), kind=kind, reason=reason)))

    assert ("<@U1>" in said) is (kind in (AlertKind.FAILED, AlertKind.WARNING))


@pytest.mark.parametrize(("kind", "reason"), EVERY)
def test_what_concerns_many_recordings_names_none(kind: AlertKind, reason: Reason) -> None:
    message = alert_message(an_alert(up(agora_channel="weekly"), kind=kind, reason=reason))
    many = kind in (AlertKind.WARNING, AlertKind.RECOVERED) and reason in MANY

    assert ("weekly" in words(message)) is not many
    assert ("weekly" in message.text) is not many


def test_the_warning_before_the_end_says_when_that_is_and_has_the_button_that_puts_it_off() -> None:
    alert = an_alert(up(ends_at=at(2700)), kind=AlertKind.WARNING, reason=Reason.ENDING_SOON)
    message = alert_message(alert, extension=3600)
    (element,) = [each for block in message.blocks if block["type"] == "actions" for each in block["elements"]]

    assert f"It is stopped at {date_and_time(at(2700))}." in words(message)
    assert (element["action_id"], element["value"], element["text"]["text"]) == (EXTEND_ACTION, "rec1", "Extend 1 h")
    assert all(block["type"] != "actions" for block in alert_message(alert, direct=True).blocks)


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
def test_after_a_failure_it_gives_the_words_to_start_again(name: str, typed: str) -> None:
    assert f"`/record start {typed}`" in alert_message(an_alert(up(agora_channel=name))).text
    assert f"`/record start {typed}`" in words(alert_message(an_alert(up(agora_channel=name)), direct=True))


def test_a_failure_shows_agoras_own_words() -> None:
    failed = over(detail="504/62 <busy>")

    assert "504/62 &lt;busy&gt;" in words(alert_message(an_alert(failed)))
    assert "504/62" not in words(alert_message(an_alert(failed, kind=AlertKind.WARNING, reason=Reason.NOTHING_STORED)))


def test_metadata_tells_the_kind_the_reason_and_the_state_at_that_moment() -> None:
    metadata = alert_message(an_alert(up(), kind=AlertKind.WARNING, reason=Reason.NOTHING_STORED)).metadata

    assert metadata["event_type"] == "recording_warning"
    payload = metadata["event_payload"]
    assert (payload["reason"], payload["state"], payload["sid"]) == ("nothing_stored", "recording", "SID")


def test_in_a_direct_message_it_says_why_it_comes_there() -> None:
    said = words(alert_message(an_alert(up()), direct=True))

    assert "can't post in <#C1>" in said


# the files

FOLDER = "bucket/recordings/C1"
MISSING = Delivery(state=DeliveryState.MISSING, missing=("SID_daily_0.mp4",), size=9000)


def warned(recording: Recording, reason: Reason = Reason.NOT_DELIVERED) -> Message:
    return alert_message(an_alert(recording, kind=AlertKind.WARNING, reason=reason), FOLDER)


def ready(recording: Recording, *, direct: bool = False) -> Message:
    return alert_message(an_alert(recording, kind=AlertKind.FILES, reason=None), FOLDER, direct=direct)


def pressable(message: Message) -> list[str]:
    return [
        element["action_id"] for block in message.blocks for element in block.get("elements", []) if "value" in element
    ]


def test_what_is_missing_is_named_with_its_place_and_the_sid() -> None:
    said = words(warned(over(delivery=MISSING, files_awaited=True)))

    assert "These files are missing:\n`SID_daily_0.mp4`" in said
    assert f"Looked for in `{FOLDER}`" in said
    assert "sid `SID`" in said


def test_that_the_bot_goes_on_looking_is_said_only_where_it_does() -> None:
    looking = over(delivery=MISSING, files_awaited=True)

    assert "I go on looking for a day" in words(warned(looking))
    assert "looking" not in words(warned(replace(looking, files_awaited=False))), "the day of Agora's backup is over"
    refused = over(delivery=Delivery(state=DeliveryState.MISSING, code="NoSuchBucket"))
    assert "looking" not in words(warned(refused)), "nothing will come"


def test_an_empty_file_is_told_as_such_and_not_as_success() -> None:
    tiny = Delivery(
        state=DeliveryState.MISSING,
        media_files=(MediaFile(key="a_0.mp4", size=112),),
        empty=("a_0.mp4",),
        size=112,
        seconds=3600,
    )
    said = words(warned(over(delivery=tiny)))

    assert "These files hold nothing:\n`a_0.mp4`" in said
    assert "1 part" not in said


def test_a_key_that_the_storage_refuses_is_told_as_that() -> None:
    said = words(warned(over(delivery=Delivery(state=DeliveryState.MISSING, code="InvalidAccessKeyId"))))

    assert "refuses the key or the bucket (InvalidAccessKeyId)" in said


def test_what_agora_keeps_in_its_backup_comes_with_the_sid_for_its_support() -> None:
    uploading = up(state=State.UPLOADING, delivery=Delivery(state=DeliveryState.IN_BACKUP), files_awaited=True)

    assert "sid `SID`" in words(warned(uploading, Reason.IN_BACKUP))


def test_files_that_are_there_come_with_parts_duration_size_place_and_a_button() -> None:
    message = ready(over(delivery=a_delivery(800_000_000, 400_000_000)))

    assert "2 MP4 files, 1 h 05 min, 1.2 GB" in words(message)
    assert "2 MP4 files, 1 h 05 min, 1.2 GB" in message.text
    assert f"In `{FOLDER}`" in words(message)
    assert pressable(message) == [LINKS_ACTION]
    assert "<@" not in words(message), "nobody is called: there is nothing to do"


def test_without_an_mp4_there_is_no_button_and_the_playlist_is_named() -> None:
    message = ready(over(delivery=replace(a_delivery(), media_files=())))

    assert pressable(message) == []
    assert "`SID_daily.m3u8`" in words(message)


def test_in_a_direct_message_there_is_no_button_since_links_go_to_members_in_the_channel() -> None:
    message = ready(over(delivery=a_delivery()), direct=True)

    assert pressable(message) == []
    assert "can't post in <#C1>" in words(message)


@pytest.mark.parametrize("row", [over(), over(state=State.FAILED, reason=Reason.LOST)])
def test_metadata_of_the_files_tells_how_the_recording_ended(row: Recording) -> None:
    metadata = ready(replace(row, delivery=a_delivery())).metadata

    assert metadata["event_type"] == "recording_files"
    assert metadata["event_payload"]["state"] == str(row.state)
    assert metadata["event_payload"]["reason"] == str(row.reason)


# the buttons

CAN_GO_ON = {Reason.TIME_LIMIT, Reason.IDLE, Reason.STOPPED_ELSEWHERE}


@pytest.mark.parametrize(("kind", "reason"), EVERY)
def test_each_alert_has_the_buttons_for_what_can_be_done(kind: AlertKind, reason: Reason) -> None:
    message = alert_message(an_alert(up(), kind=kind, reason=reason))
    again = kind is AlertKind.FAILED or (kind is AlertKind.ENDED and reason in CAN_GO_ON)

    assert (AGAIN_ACTION in pressable(message)) is again
    assert ("To record again" in message.text) is again, "where no buttons are shown"
    assert "To record again" not in words(message)
    soon = reason is Reason.ENDING_SOON
    assert (ACKNOWLEDGE_ACTION in pressable(message)) is (kind in (AlertKind.FAILED, AlertKind.WARNING) and not soon)
    assert (DETAILS_ACTION in pressable(message)) is (kind is not AlertKind.RECOVERED and not soon)
    assert (EXTEND_ACTION in pressable(message)) is soon, "what can be done about it stands alone"


@pytest.mark.parametrize(("kind", "reason"), EVERY)
def test_in_a_direct_message_an_alert_has_no_buttons(kind: AlertKind, reason: Reason) -> None:
    assert pressable(alert_message(an_alert(up(), kind=kind, reason=reason), direct=True)) == []


def test_the_button_knows_its_alert() -> None:
    alert = an_alert(up(), cause="T-1|lost", kind=AlertKind.WARNING)
    values = [e["value"] for b in alert_message(alert).blocks for e in b.get("elements", []) if "value" in e]

    assert AlertKey.read(values[0]) == AlertKey("rec1", AlertKind.WARNING, "T-1|lost") == AlertKey.of(alert)


@pytest.mark.parametrize("value", ["", "rec1", "rec1|recording_failed", "rec1|nothing|lost", "||"])
def test_what_names_no_alert_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AlertKey.read(value)


def test_who_is_on_it_is_shown_in_place_of_the_button() -> None:
    alert = an_alert(up())
    message = alert_message(alert, acknowledgement=Acknowledgement("U7", at(90)))

    assert f"<@U7> is on it, since {clock(at(90))}" in words(message)
    assert pressable(message) == [AGAIN_ACTION, DETAILS_ACTION]
    assert message.metadata == alert_message(alert).metadata


# recorded on


def test_the_warning_about_a_loss_says_which_part_goes_on_and_what_is_missing() -> None:
    alert = an_alert(up(lost_segments=(a_lost_segment(),)), kind=AlertKind.WARNING, reason=Reason.LOST)
    said = words(alert_message(alert))

    assert f"Part 2 since {clock(at(170))}" in said
    assert f"{clock(at(30))} to {clock(at(170))} is missing (2 min 20 s)" in said
    actions = [
        each["action_id"]
        for block in alert_message(alert).blocks
        for each in block.get("elements", [])[:9]
        if "action_id" in each
    ]
    assert actions == [ACKNOWLEDGE_ACTION, DETAILS_ACTION], "nothing has to be started"


def test_whoever_opens_the_files_reads_there_what_is_missing() -> None:
    told = {"kind": AlertKind.FILES, "reason": None}
    on_again = over(lost_segments=(a_lost_segment(),), delivery=a_delivery())
    stopped = over(lost_segments=(a_lost_segment(resumed_at=None),), delivery=a_delivery())

    assert f"{clock(at(30))} to {clock(at(170))} is missing (2 min 20 s)" in words(
        alert_message(an_alert(on_again, **told))
    )
    assert f"lost at {clock(at(30))}: nothing was recorded after that" in words(
        alert_message(an_alert(stopped, **told))
    )


def test_where_the_lost_one_recorded_until_the_next_was_up_it_says_so() -> None:
    alert = an_alert(up(lost_segments=(a_lost_segment(left_at=at(180)),)), kind=AlertKind.WARNING, reason=Reason.LOST)

    assert "Nothing should be missing" in words(alert_message(alert))


def test_the_gap_is_as_agora_told_it_where_it_did() -> None:
    told = Reported(gaps=(Gap(begun_at=at(12), ended_at=at(14)), Gap(begun_at=at(44), ended_at=at(168))))
    row = up(lost_segments=(a_lost_segment(),), reported=told)
    said = words(alert_message(an_alert(row, kind=AlertKind.WARNING, reason=Reason.LOST)))

    assert said.count("is missing") == 1
    assert f"{clock(at(44))} to {clock(at(168))} is missing" in said


@pytest.mark.parametrize("reason", [Reason.OVERLOADED, Reason.UNAVAILABLE, Reason.NEVER_STARTED])
def test_a_failure_to_record_on_says_when_it_was_lost_and_why_it_does_not_go_on(reason: Reason) -> None:
    failed = over(state=State.FAILED, reason=reason, lost_segments=(a_lost_segment(resumed_at=None),))
    message = alert_message(an_alert(failed, reason=reason))

    for part in ("was lost", "could not record on", f"since {clock(at(30))}", FAILED[reason].happened):
        assert part in words(message)
        assert part in message.text
    assert FAILED[reason].next_step in words(message)


def test_a_failure_after_parts_that_were_recorded_on_is_told_as_any_other() -> None:
    failed = over(state=State.FAILED, reason=Reason.CRASHED, lost_segments=(a_lost_segment(),))

    assert "could not record on" not in words(alert_message(an_alert(failed, reason=Reason.CRASHED)))
