"""Every reason has words in each kind of message that it can come with."""

from __future__ import annotations

import pytest

from messages.copy import ENDED, FAILED, RECOVERED, WARNING, Wording, state_in_words
from messages.listing import IN_FEW_WORDS
from recordings.model.reason import Reason
from recordings.model.recording import State
from tests.fakes.rows import up

# The page for outside programs (docs/, and interface.md there): which reasons come with which state or warning.
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


@pytest.mark.parametrize("kind", KINDS)
def test_every_reason_of_this_kind_has_words(kind: str) -> None:
    possible, words = KINDS[kind]

    assert {str(reason) for reason in words} == {str(reason) for reason in Reason} & possible


def test_every_reason_belongs_to_some_kind() -> None:
    assert {str(reason) for reason in Reason} <= FAILURES | ENDS | WARNINGS


@pytest.mark.parametrize("words", [words for _, table in KINDS.values() for words in table.values()])
def test_what_happened_is_one_sentence(words: Wording) -> None:
    assert words.happened.endswith(".")
    assert ". " not in words.happened


@pytest.mark.parametrize("words", [*FAILED.values(), *WARNING.values()])
def test_what_to_do_next_is_said_where_it_needs_a_person(words: Wording) -> None:
    assert words.next_step.endswith(".")


def test_no_two_reasons_of_a_kind_read_the_same() -> None:
    for _, table in KINDS.values():
        assert len({words.happened for words in table.values()}) == len(table)


@pytest.mark.parametrize("state", State)
def test_every_state_has_words(state: State) -> None:
    assert state_in_words(up(state=state))


def test_nothing_stored_yet_is_told_from_recording() -> None:
    assert state_in_words(up(first_file_at=None)) == "In the call, nothing stored yet"
    assert state_in_words(up()) == "Recording"


def test_every_end_and_failure_has_few_words_for_the_list() -> None:
    assert {str(reason) for reason in IN_FEW_WORDS} == FAILURES | ENDS
    assert all(len(words) < 45 for words in IN_FEW_WORDS.values())
