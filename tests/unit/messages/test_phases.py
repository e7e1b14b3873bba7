"""Every reason has a text in each kind of message that can have it."""

from __future__ import annotations

from messages.alert_copy import ALERTS
from messages.phases import state_emoji, state_label
from messages.summaries import END_REASONS
from recordings.model.alerts import AlertKind
from recordings.model.confirmation import Doubt, Unconfirmed
from recordings.model.reason import Reason
from recordings.model.recording import State
from tests.fakes.rows import NOW, up

# From the documentation for other programs: the reasons of each state and warning.
FAILURES = {
    "rejected",
    "unauthorized",
    "overloaded",
    "unavailable",
    "undeliverable",
    "never_started",
    "lost",
    "crashed",
    "left",
}
ENDS = {"stopped", "idle", "time_limit", "stopped_elsewhere", "no_media"}
WARNINGS = {
    "lost",
    "nothing_stored",
    "silent",
    "upload_failing",
    "not_delivered",
    "in_backup",
    "agora_unreachable",
    "unauthorized",
    "unwatched",
    "ending_soon",
}
RECOVERIES = {
    "nothing_stored",
    "silent",
    "upload_failing",
    "not_delivered",
    "in_backup",
    "agora_unreachable",
    "unauthorized",
}
KINDS = {
    AlertKind.FAILED: FAILURES,
    AlertKind.ENDED: ENDS,
    AlertKind.WARNING: WARNINGS,
    AlertKind.RECOVERED: RECOVERIES,
}


def test_every_reason_of_a_kind_has_an_alert() -> None:
    for kind, possible in KINDS.items():
        shown = {str(reason) for of_kind, reason in ALERTS if of_kind is kind}
        assert shown == {str(reason) for reason in Reason} & possible, kind


def test_every_reason_belongs_to_some_kind() -> None:
    assert {str(reason) for reason in Reason} <= FAILURES | ENDS | WARNINGS


def test_every_state_has_a_label_and_an_emoji() -> None:
    for state in State:
        assert state_label(up(state=state)), state
        assert state_emoji(up(state=state)), state


def test_the_label_says_recording_only_once_a_file_is_stored() -> None:
    assert state_label(up(first_file_at=None)) == "Waiting for audio or video"
    assert state_label(up()) == "Recording"


def test_a_doubt_is_in_the_label_as_it_is_in_the_title() -> None:
    for doubt, label in ((Doubt.NO_ANSWER, "Not confirmed"), (Doubt.NOT_FOUND, "Checking")):
        assert state_label(up(), Unconfirmed(doubt, NOW)) == label
        assert state_emoji(up(), Unconfirmed(doubt, NOW)) == "🟠"


def test_every_end_and_failure_has_a_short_text_for_the_list() -> None:
    assert {str(reason) for reason in END_REASONS} == FAILURES | ENDS
    assert all(len(words) < 45 for words in END_REASONS.values())
