"""docs/cards.md shows every state of the card and every alert as they are now."""

from __future__ import annotations

from messages.alert_copy import ALERTS, code_of
from messages.phases import Phase, phase_of
from recordings.model.confirmation import unconfirmed
from tools.cards import CONFIG, TARGET, examples, page


def test_the_page_of_cards_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_page_shows_the_card_in_every_phase() -> None:
    shown = {
        phase_of(example.recording, unconfirmed(example.recording, example.now, CONFIG.query_interval))
        for example in examples()
    }
    assert set(Phase) - shown == set()


def test_the_page_shows_every_alert() -> None:
    headings = [line for line in page().splitlines() if line.startswith("### `recording_")]
    assert set(headings) == {f"### `{code_of(kind, reason)}`" for kind, reason in ALERTS}
