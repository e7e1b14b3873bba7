"""What Slack delivers twice changes nothing the second time."""

from __future__ import annotations

from tests.system.conftest import Office, payload


def test_a_start_delivered_again_after_the_recording_is_over_starts_nothing(office: Office) -> None:
    office.start()
    first = office.command("start daily")
    office.wait_card("recording")
    office.command("stop", by="ben")
    office.wait_card("ended")
    asked = len(office.agora.requests("acquire"))
    again = first.repeat()
    assert again.acknowledged
    assert len(office.cards()) == 1
    office.command("status")
    assert len(office.agora.requests("acquire")) == asked


def test_a_stop_delivered_again_does_not_stop_the_next_recording(office: Office) -> None:
    office.start()
    office.recording("daily")
    stop = office.command("stop", by="ben")
    office.wait_card("ended")
    office.command("start daily")
    office.wait_card("recording")
    stop.repeat()
    office.after_queries(3)
    assert payload(office.cards()[-1])["state"] == "recording"
