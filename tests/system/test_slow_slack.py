"""Slack's Web API does not answer: requests are acknowledged all the same, and people read what did not work."""

from __future__ import annotations

from tests.system.conftest import Stack, words


def test_an_alert_is_acknowledged_and_stored_while_its_edit_hangs(stack: Stack) -> None:
    stack.start(FAILOVER_GRACE_SECONDS="1", RECORD_ON="0")
    stack.recording()
    stack.agora.kill("daily")
    alert = stack.wait_alert("recording_failed", "lost")
    stack.wait_card("failed")
    stack.slack.faults.add("chat.update", hang=True)
    assert stack.slack.person("ben").press(alert, "take_alert").acknowledged
    (row,) = stack.slack.wait_for(
        lambda: stack.bot.rows("SELECT taken_by FROM outbox WHERE taken_by IS NOT NULL"), what="who is on it"
    )
    assert row["taken_by"] == stack.slack.person("ben").id


def test_a_form_that_slack_does_not_open_in_time_is_answered_with_the_command_to_type(stack: Stack) -> None:
    stack.start()
    fault = stack.slack.faults.add("views.open", hang=True, times=1)
    typed = stack.command("")
    stack.slack.wait_for(lambda: typed.answers, what="the command to type")
    assert "didn't open in time" in words(typed)
    assert "`/record start` and the name of the call" in words(typed)
    assert fault.hits == 1
    assert stack.slack.person("ana").modal is None
    assert stack.bot.rows("SELECT id FROM recordings") == []
    assert stack.agora.requests("acquire") == []
