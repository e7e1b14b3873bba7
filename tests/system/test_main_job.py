"""The whole way, as people see it."""

from __future__ import annotations

from tests.system.conftest import Office


def test_a_call_is_recorded_from_start_to_a_stop_by_somebody_else(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001)
    answer = office.command("start daily")
    assert answer.acknowledged
    office.wait_card("recording")
    card = office.recording()
    office.command("stop", by="ben")
    over = office.wait_card("ended", reason="stopped")
    assert over.ts == card.ts
    assert office.alerts() == []
    assert not office.agora.running()
