"""Every reason has a text in each kind of message that can have it."""

from __future__ import annotations

from messages.copy import ENDED, FAILED, RECOVERED, WARNING, state_emoji, state_label
from messages.listing import END_REASONS
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
KINDS = {"failed": (FAILURES, FAILED), "ended": (ENDS, ENDED), "warning": (WARNINGS, WARNING)} | {
    "recovered": (RECOVERIES, RECOVERED)
}


def test_every_reason_of_a_kind_has_a_text() -> None:
    for kind, (possible, table) in KINDS.items():
        assert {str(reason) for reason in table} == {str(reason) for reason in Reason} & possible, kind


def test_every_reason_belongs_to_some_kind() -> None:
    assert {str(reason) for reason in Reason} <= FAILURES | ENDS | WARNINGS


def test_what_happened_is_one_sentence() -> None:
    for kind, (_, table) in KINDS.items():
        for reason, wording in table.items():
            assert wording.happened.endswith("."), (kind, reason)
            assert ". " not in wording.happened, (kind, reason)


def test_failures_and_warnings_say_what_to_do_next() -> None:
    for reason, wording in [*FAILED.items(), *WARNING.items()]:
        assert wording.next_step.endswith("."), reason


def test_no_two_reasons_of_a_kind_have_the_same_text() -> None:
    for kind, (_, table) in KINDS.items():
        assert len({wording.happened for wording in table.values()}) == len(table), kind


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
