"""Acknowledge: the first person wins, and only alerts of the requester's Slack channel exist."""

from __future__ import annotations

import pytest

from recordings.lifecycle.actions import Change
from recordings.model.alerts import Acknowledgement, AlertKey, AlertKind
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.lookup import NothingHere
from tests.fakes.access import THERE, user
from tests.fakes.outboxes import MemoryOutbox
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecordings
from tests.fakes.rows import NOW, FakeClock, an_alert, at, over

ALERT = an_alert(over())
KEY = str(AlertKey.of(ALERT))


@pytest.fixture
def memory() -> Memory:
    memory = Memory()
    recordings = MemoryRecordings(memory)
    recordings.add_recording(ALERT.recording, None)
    epoch = MemoryLease(memory, "me").hold(NOW, 9) or 0
    recordings.save(ALERT.recording, Change(ALERT.recording, alerts=(ALERT,)), epoch, NOW)
    return memory


def test_the_first_acknowledgement_is_saved_and_audited(memory: Memory) -> None:
    clock = FakeClock()
    service = AcknowledgeService(MemoryOutbox(memory), clock)
    clock.passes(5)
    first = service.acknowledge(KEY, user("U1"))
    clock.passes(5)
    second = service.acknowledge(KEY, user("U2"))

    assert first.alert == second.alert == ALERT
    assert first.acknowledgement == second.acknowledgement == Acknowledgement("U1", at(5))
    assert memory.audit_events == [
        AuditEvent(
            at=at(5),
            who="U1",
            what=AuditAction.ACKNOWLEDGED_ALERT,
            source=Source.BUTTON,
            recording_id="rec1",
            slack_channel="C1",
            detail=f"{ALERT.kind} {ALERT.cause}",
        )
    ]


@pytest.mark.parametrize("key", ["", "rec1", "rec1|nothing|x", "nobody|recording_failed|lost", "\x00"])
def test_an_unknown_alert_cannot_be_acknowledged(memory: Memory, key: str) -> None:
    with pytest.raises(NothingHere):
        AcknowledgeService(MemoryOutbox(memory), FakeClock()).acknowledge(key, user("U1"))
    assert memory.audit_events == []


def test_an_alert_of_another_slack_channel_cannot_be_acknowledged(memory: Memory) -> None:
    with pytest.raises(NothingHere):
        AcknowledgeService(MemoryOutbox(memory), FakeClock()).acknowledge(KEY, user("U1", THERE))
    assert memory.audit_events == []


def test_the_key_of_an_alert_survives_as_text() -> None:
    key = AlertKey("rec1", AlertKind.FAILED, "a|b|c")

    assert AlertKey.read(str(key)) == key
