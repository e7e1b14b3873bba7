"""Slack's Web API does not answer: requests are acknowledged all the same, and people read what did not work."""

from __future__ import annotations

from tests.system.conftest import Office, words


def test_an_alert_is_acknowledged_and_stored_while_its_edit_hangs(office: Office) -> None:
    office.start(FAILOVER_GRACE_SECONDS="1", RECORD_ON="0")
    office.recording()
    office.agora.kill("daily")
    alert = office.wait_alert("recording_failed", "lost")
    office.wait_card("failed")
    office.slack.faults.add("chat.update", hang=True)
    assert office.slack.person("ben").press(alert, "take_alert").acknowledged
    (row,) = office.slack.wait_for(
        lambda: office.bot.rows("SELECT taken_by FROM outbox WHERE taken_by IS NOT NULL"), what="who is on it"
    )
    assert row["taken_by"] == office.slack.person("ben").id


def test_a_form_that_slack_does_not_open_in_time_is_answered_with_the_command_to_type(office: Office) -> None:
    office.start()
    fault = office.slack.faults.add("views.open", hang=True, times=1)
    typed = office.command("")
    office.slack.wait_for(lambda: typed.answers, what="the command to type")
    assert "did not answer in time" in words(typed)
    assert "/record start daily for 45m audio" in words(typed)
    assert fault.hits == 1
    assert office.slack.person("ana").modal is None
    assert office.bot.rows("SELECT id FROM recordings") == []
    assert office.agora.requests("acquire") == []
