"""What somebody reads who only looks at the card, while things go wrong and right again."""

from __future__ import annotations

from itertools import pairwise

from simulator.slack import Message
from tests.scenarios.stack import Stack, payload


def wait_shown(stack: Stack, card: Message, *parts: str) -> None:
    stack.wait_for(lambda: all(part in card.said for part in parts), what=str(parts))


def texts(card: Message) -> list[str]:
    """Every version of the card, in order."""
    return [*(version.text for version in card.edits), card.text]


def test_a_recorder_that_is_not_found_is_no_claim_and_the_next_good_answer_turns_the_card_red(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.move("daily", 45)
    wait_shown(stack, card, "🟠", "Checking on daily", "can't confirm it's recording", "a new one takes over")
    assert "Make sure everyone in the call knows" not in card.said
    stack.wait_for(lambda: card.text.startswith("🔴 Recording daily"), what="the red card")
    assert stack.alerts() == []


def test_while_agora_does_not_answer_the_card_says_since_when_it_is_unconfirmed(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("query", answer="internal_error", times=None)
    wait_shown(stack, card, "🟠", "Recording daily, not confirmed since ", "It's probably still recording.")
    stack.agora.clear_faults()
    stack.wait_for(lambda: card.text.startswith("🔴 Recording daily"), what="the red card")


def test_a_stop_while_agora_rejects_the_credentials_says_that_it_cannot_be_done_yet(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("query", answer="unauthorized", times=None)
    stack.agora.fault("stop", answer="unauthorized", times=None)
    wait_shown(stack, card, "it can't be checked or stopped", "can run `/record doctor`")
    stack.press_stop(card)
    wait_shown(stack, card, "Stopping daily…", "it can't be stopped yet")
    stack.agora.clear_faults()
    stack.wait_card("ended", reason="stopped")


def test_a_call_that_simply_ends_flashes_no_warning(stack: Stack) -> None:
    stack.start(MAX_IDLE_SECONDS="60")
    card = stack.recording()
    stack.agora.leave("daily")
    stack.wait_card("ended", reason="idle")
    assert not [text for text in texts(card) if text.startswith("🟠")]
    assert "Everyone left" in card.said


def test_a_lost_recorder_is_said_to_be_lost_until_another_one_records(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("acquire", status=503, body={}, times=None)
    stack.agora.kill("daily")
    wait_shown(stack, card, "🟠", "daily isn't being recorded right now", "A new one is joining…")
    stack.agora.clear_faults()
    stack.wait_for(lambda: card.text.startswith("🔴 Recording daily"), what="the red card")
    wait_shown(stack, card, "missing (")


def test_nobody_joins_so_nothing_was_recorded_and_no_file_is_missing(stack: Stack) -> None:
    stack.start(MAX_IDLE_SECONDS="60")
    stack.command("start daily")
    card = stack.wait_card("recording")
    wait_shown(stack, card, "🟡", "Waiting for people to join daily")
    stack.wait_card("ended")
    wait_shown(stack, card, "⚪", "No one joined daily, so nothing was recorded")
    assert "record_again" in card.elements
    stack.run_for(3600)
    assert "No one joined" in card.said
    assert "not_delivered" not in [reason for _, reason in stack.alert_kinds()]


def test_a_start_is_cancelled_by_its_own_button(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("acquire", status=503, body={}, times=None)
    stack.command("start daily")
    card = stack.wait_card("starting")
    assert "Cancel" in card.said
    assert "Stop recording" not in card.said
    stack.press(card, "stop_recording")
    stack.wait_card("ended", reason="stopped")
    wait_shown(stack, card, "⚪", "daily wasn't recorded", f"cancelled by {stack.slack.person('ben').mention}")
    assert payload(card)["state"] == "ended"


def test_after_an_edit_whose_answer_was_lost_the_card_is_edited_once_more(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.run_for(60)
    before = len(card.edits)
    stack.slack.faults.add("chat.update", drop="before", times=1)
    stack.agora.leave("daily")
    stack.press_stop(card)
    stack.wait_card("ended", reason="stopped")
    stack.run_for(60)

    shown = texts(card)[before + 1 :]
    assert card.text == shown[-1], "the newest"
    assert any(one == other for one, other in pairwise(shown)), "the same card again"
    assert len(shown) <= 6
