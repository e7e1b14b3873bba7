"""The runbook explains everything that people can see: by title, by code, and at the anchor that alerts link to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from messages.alert_copy import ALERTS, VARIANTS, AlertCopy, anchor_of, code_of
from messages.blocks import CALL
from messages.phases import HEADLINES, WHEN, Phase
from recordings.model.alerts import AlertKind
from recordings.model.reason import Reason

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
EVERY = [*ALERTS.items(), *VARIANTS.items()]
"""Kind and reason of every alert, with its texts; of some reasons there are two."""
Key = tuple[AlertKind, Reason | None]


def shown(title: str) -> str:
    """A title as people see it, with the name and the times that the runbook uses."""
    return title.format(call="daily", since="9:01 PM", away_from="9:01 PM", away_to="9:02 PM")


def titles() -> list[str]:
    return [shown(texts.title) for _, texts in EVERY]


def entries() -> dict[str, str]:
    """The text of each entry, by its anchor."""
    parts = re.split(r'^<a id="([^"]+)"></a>\n', RUNBOOK, flags=re.MULTILINE)[1:]
    return {
        anchor: re.split(r"^##? ", text, flags=re.MULTILINE)[0]
        for anchor, text in zip(parts[::2], parts[1::2], strict=True)
    }


def overview() -> list[tuple[str, str]]:
    """What people see, and the anchor of its entry, by the table on top."""
    table = RUNBOOK.split("## Start with the reference")[0]
    return re.findall(r"^\| (.+?) \| \[[^\]]+\]\(#([\w-]+)\) \|$", table, re.MULTILINE)


@pytest.mark.parametrize(("key", "texts"), EVERY, ids=lambda value: getattr(value, "title", ""))
def test_an_alert_has_an_entry_with_its_title_and_its_code(key: Key, texts: AlertCopy) -> None:
    entry = entries()[anchor_of(*key)]

    assert shown(texts.title) in entry.splitlines()[0], "the title is the heading"
    assert f"`{code_of(*key)}`" in entry
    assert (shown(texts.title), anchor_of(*key)) in overview()


def test_every_entry_about_an_alert_is_about_one_that_exists() -> None:
    about_alerts = {anchor for anchor in entries() if anchor.startswith("recording_")}

    assert about_alerts == {anchor_of(*key) for key in ALERTS}


def test_every_anchor_is_there_once_and_every_code_is_one_that_exists() -> None:
    anchors = re.findall(r'<a id="([^"]+)">', RUNBOOK)
    codes = set(re.findall(r"`(recording_\w+ · \w+)`", RUNBOOK))

    assert len(anchors) == len(set(anchors))
    assert codes == {code_of(*key) for key in ALERTS if key[1] is not None}


def test_every_title_of_an_alert_is_its_own() -> None:
    assert len(set(titles())) == len(titles())


def test_the_overview_leads_to_entries_with_the_same_title() -> None:
    assert len(overview()) > len(EVERY)
    for title, anchor in overview():
        if anchor in ("log-events-that-need-attention", "metrics"):
            continue
        assert anchor in entries(), title
        assert title.startswith("⚠️ daily isn't saved, or") or title in entries()[anchor].splitlines()[0], title


def test_every_entry_says_what_it_means_and_what_to_do() -> None:
    lacking = [
        anchor for anchor, text in entries().items() if not re.search(r"\*\*Means:\*\*", text) or "**Do" not in text
    ]
    assert lacking == []


HANGING = (
    Phase.STARTING,
    Phase.WAITING_FOR_PEOPLE,
    Phase.WAITING_FOR_MEDIA,
    Phase.CHECKING,
    Phase.UNCONFIRMED,
    Phase.INTERRUPTED,
    Phase.STOPPING,
    Phase.SAVING,
    Phase.NOT_CHECKED,
)
"""What a card shows before anything is sure."""


def test_every_state_of_a_card_that_can_hang_has_an_entry() -> None:
    seen = [title for title, _ in overview()]
    for phase in HANGING:
        headline = HEADLINES[phase]
        when = "" if phase is Phase.SAVING else "9:01 PM"
        assert f"{headline.emoji} {headline.title.replace(CALL, 'daily').replace(WHEN, when)}" in seen, phase
