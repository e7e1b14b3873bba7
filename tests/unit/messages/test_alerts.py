"""An alert: what happened in one sentence, what to do next, whom it concerns, and a reference."""

from __future__ import annotations

import pytest

from messages.alerts import alert_message
from messages.words import ENDED, FAILED, RECOVERED, WARNING, Words
from recordings.model import AlertKind, Reason
from tests.fakes.rows import an_alert, over, up
from tests.unit.messages.test_cards import words

TABLES: dict[AlertKind, dict[Reason, Words]] = {
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


@pytest.mark.parametrize(
    ("name", "typed"),
    [("daily", "daily"), ("team call", '"team call"'), ("#daily", '"#daily"'), ("a<b", "a&lt;b"), (":x:", '":x:"')],
)
def test_after_a_failure_it_gives_the_words_to_start_again(name: str, typed: str) -> None:
    assert f"`/record start {typed}`" in words(alert_message(an_alert(up(agora_channel=name))))


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
