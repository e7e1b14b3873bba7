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
from tests.system.conftest import ON_BOTH, Stack, words
from tests.system.transports import BOTH_TRANSPORTS, SlackTransport

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def bucket() -> Iterator[BucketSimulator]:
    with BucketServer() as server:
        yield server.simulator


def recorded_before(stack: Stack, count: int, channel: str = "daily") -> None:
    """So many recordings of long ago, as an earlier process left them."""
    place, url = stack.slack.workspace.channel(channel).id, stack.bot.environment["DATABASE_URL"]
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


def listed(stack: Stack, what: str = "list", *, by: str = "ana", channel: str = "daily") -> Message:
    asked = stack.command(what, by=by, channel=channel)
    words(asked)
    assert asked.reply is not None
    return asked.reply


def turn(stack: Stack, page: Message, *, stale: bool = False) -> None:
    """Presses Next; the page is another then."""
    before = len(page.edits)
    pressed = stack.slack.person("ana").press(page, "list_next", stale=stale)
    stack.slack.wait_for(lambda: len(page.edits) > before, what="the next page")
    assert pressed.answers == [], "it takes the place of the page before"


def expected(*numbers: int) -> list[str]:
    return [f"daily-call{number:02}" for number in numbers]


@BOTH_TRANSPORTS
def test_23_recordings_are_three_pages_though_new_ones_come_and_the_bot_is_killed_meanwhile(
    transport: SlackTransport,
) -> None:
    stack = transport.stack
    recorded_before(stack, 23)
    recorded_before(stack, 3, channel="general")
    transport.open()
    page = listed(stack)
    assert names(page) == expected(*range(22, 12, -1))
    assert "1 file, 800 MB" in page.said
    assert "30 min 00 s" in page.said
    assert "<!date^" in page.said
    assert page.ephemeral_to == stack.slack.person("ana").id
    stack.recording("new")
    transport.open_again()
    turn(stack, page)
    assert names(page) == expected(*range(12, 2, -1))
    turn(stack, page)
    assert names(page) == expected(2, 1, 0)
    assert "That is all" in page.said
    assert "list_next" not in page.elements
    turn(stack, page, stale=True)
    assert names(page) == expected(2, 1, 0), "a press on an old screen shows the page behind that one"
    assert "🔴 *`new`*" in listed(stack).said
    assert stack.slack.messages("general") == []


@ON_BOTH
def test_a_list_is_of_its_own_channel_and_of_the_name_that_was_typed(stack: Stack) -> None:
    recorded_before(stack, 12)
    recorded_before(stack, 2, channel="general")
    stack.start()
    assert names(listed(stack, "list daily-call03")) == ["daily-call03"]
    assert names(listed(stack, by="gus", channel="general")) == ["general-call01", "general-call00"]
    for typed in ("list general-call01", "list nowhere"):
        assert "is not being recorded from this channel" in listed(stack, typed).said
    stack.room("quiet")
    assert "Nothing has been recorded from this channel yet" in listed(stack, channel="quiet").said


def test_the_same_press_twice_shows_the_same_page(stack: Stack) -> None:
    recorded_before(stack, 23)
    stack.start()
    page = listed(stack)
    pressed = stack.slack.person("ana").press(page, "list_next")
    pressed.repeat()
    stack.slack.wait_for(lambda: len(page.edits) == 2, what="both answers")
    assert names(page) == expected(*range(12, 2, -1))


def test_files_are_given_from_the_list(stack: Stack, bucket: BucketSimulator) -> None:
    stack.start()
    stack.recording()
    stack.command("stop")
    stack.slack.wait_for(lambda: "get_links" in stack.cards()[-1].elements, timeout=20, what="the files")
    page = listed(stack)
    assert "1 file" in page.said
    assert f"Stopped by {stack.slack.person('ana').mention}" in page.said
    pressed = stack.slack.person("ana").press(page, "get_links")
    (answer,) = stack.slack.wait_for(lambda: pressed.answers, what="links")
    (link,) = [element["url"] for block in answer.blocks for element in block.get("elements", []) if "url" in element]
    assert bucket.link_problem(link) is None
    assert page.edits == [], "the list stays"
