"""A request to start that takes effect at Agora long after the bot has given it up."""

from __future__ import annotations

from collections.abc import Callable

from simulator.agora import AgoraSimulator, RecorderView
from tests.system.conftest import Office


def _is_hit(fault: int) -> Callable[[AgoraSimulator], int]:
    return lambda agora: agora.faults()[fault - 1].hits


def recorders(office: Office) -> list[RecorderView]:
    return office.agora.recorders("daily")


def test_a_recorder_that_comes_up_long_after_its_start_was_given_up_is_ended(office: Office) -> None:
    settings = {"START_TIMEOUT_SECONDS": "3"}
    office.start(**settings)
    office.agora.join("daily", 1001)
    late = office.agora.fault("start", delay=7)
    office.agora.fault("start", lost="request", times=None)
    office.command("start daily")
    office.wait_agora(_is_hit(late))
    office.bot.kill()
    office.restart(**settings)
    office.wait_card("failed", reason="unavailable")
    office.wait_agora(lambda agora: recorders(office), timeout=20)
    office.wait_agora(lambda agora: not agora.running())
    # It may come up while the bot is still after it, or find itself banned.
    assert recorders(office)[0].ended_by in ("banned", "thrown_out")
    assert not recorders(office)[0].recorded
    assert [person.uid for person in office.agora.people("daily")] == [1001]


def test_one_that_comes_up_beside_its_replacement_is_ended_and_the_replacement_stays(office: Office) -> None:
    settings = {"START_TIMEOUT_SECONDS": "30"}
    office.start(**settings)
    office.agora.join("daily", 1001)
    late = office.agora.fault("start", delay=5)
    office.agora.fault("start", lost="request", times=4)
    office.command("start daily")
    office.wait_agora(_is_hit(late))
    office.bot.kill()
    office.restart(**settings)
    card = office.wait_red()
    office.wait_agora(lambda agora: len(recorders(office)) == 2, timeout=20)
    office.wait_agora(lambda agora: len(agora.running()) == 1)
    assert office.agora.running()[0].sid == card.event_payload["sid"]
    office.after_queries(5)
    assert len(office.agora.running()) == 1
    assert office.alerts() == []
