"""`/record list`: what was recorded from this channel, ten at a time, and each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from simulator.bucket import BucketServer, BucketSimulator
from simulator.slack import Message
from storage.database import Database
from storage.recordings import Recordings
from tests.fakes.rows import a_delivery, over
from tests.system.conftest import ON_BOTH, Office, words
from tests.system.doors import BOTH_DOORS, Door, door

__all__ = ["door"]
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def bucket() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


def recorded_before(office: Office, count: int, channel: str = "daily") -> None:
    """So many recordings of long ago, as an earlier process left them."""
    place, url = office.slack.workspace.channel(channel).id, office.bot.environment["DATABASE_URL"]
    database = Database(url)
    database.migrate()
    for number in range(count):
        begun = LONG_AGO + timedelta(hours=number)
        Recordings(database).add_recording(
            over(
                id=f"{channel}{number:02}",
                agora_channel=f"{channel}-call{number:02}",
                slack_channel=place,
                requested_at=begun,
                started_at=begun,
                ended_at=begun + timedelta(minutes=30),
                delivery=a_delivery(800_000_000),
            ),
            None,
        )
    database.close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE recordings SET card_version = version"))
    engine.dispose()


def names(page: Message) -> list[str]:
    return [line.split("`")[1] for line in page.said.splitlines() if line.startswith("✅ *`")]


def listed(office: Office, what: str = "list", *, by: str = "ana", channel: str = "daily") -> Message:
    asked = office.command(what, by=by, channel=channel)
    words(asked)
    assert asked.reply is not None
    return asked.reply


def turn(office: Office, page: Message, *, stale: bool = False) -> None:
    """Presses Next; the page is another then."""
    before = len(page.edits)
    pressed = office.slack.person("ana").press(page, "list_next", stale=stale)
    office.slack.wait_for(lambda: len(page.edits) > before, what="the next page")
    assert pressed.answers == [], "it takes the place of the page before"


def expected(*numbers: int) -> list[str]:
    return [f"daily-call{number:02}" for number in numbers]


@BOTH_DOORS
def test_23_recordings_are_three_pages_though_new_ones_come_and_the_bot_is_killed_meanwhile(door: Door) -> None:
    office = door.office
    recorded_before(office, 23)
    recorded_before(office, 3, channel="general")
    door.open()
    page = listed(office)
    assert names(page) == expected(*range(22, 12, -1))
    assert "1 file, 800 MB" in page.said
    assert "30 min 00 s" in page.said
    assert "<!date^" in page.said
    assert page.ephemeral_to == office.slack.person("ana").id
    office.recording("new")
    door.open_again()
    turn(office, page)
    assert names(page) == expected(*range(12, 2, -1))
    turn(office, page)
    assert names(page) == expected(2, 1, 0)
    assert "That is all" in page.said
    assert "list_next" not in page.elements
    turn(office, page, stale=True)
    assert names(page) == expected(2, 1, 0), "a press on an old screen shows the page behind that one"
    assert "🔴 *`new`*" in listed(office).said
    assert office.slack.messages("general") == []


@ON_BOTH
def test_a_list_is_of_its_own_channel_and_of_the_name_that_was_typed(office: Office) -> None:
    recorded_before(office, 12)
    recorded_before(office, 2, channel="general")
    office.start()
    assert names(listed(office, "list daily-call03")) == ["daily-call03"]
    assert names(listed(office, by="gus", channel="general")) == ["general-call01", "general-call00"]
    for typed in ("list general-call01", "list nowhere"):
        assert "is not being recorded from this channel" in listed(office, typed).said
    office.room("quiet")
    assert "Nothing has been recorded from this channel yet" in listed(office, channel="quiet").said


def test_the_same_press_twice_shows_the_same_page(office: Office) -> None:
    recorded_before(office, 23)
    office.start()
    page = listed(office)
    pressed = office.slack.person("ana").press(page, "list_next")
    pressed.repeat()
    office.slack.wait_for(lambda: len(page.edits) == 2, what="both answers")
    assert names(page) == expected(*range(12, 2, -1))


def test_files_are_given_from_the_list(office: Office, bucket: BucketSimulator) -> None:
    office.start()
    office.recording()
    office.command("stop")
    office.slack.wait_for(lambda: "get_links" in office.cards()[-1].elements, timeout=20, what="the files")
    page = listed(office)
    assert "1 file" in page.said
    assert f"Stopped by {office.slack.person('ana').mention}" in page.said
    pressed = office.slack.person("ana").press(page, "get_links")
    (answer,) = office.slack.wait_for(lambda: pressed.answers, what="links")
    (link,) = [element["url"] for block in answer.blocks for element in block.get("elements", []) if "url" in element]
    assert bucket.link_problem(link) is None
    assert page.edits == [], "the list stays"
