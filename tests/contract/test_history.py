"""What was asked for in a Slack channel, page by page; the recorders of a recording; who is on an alert."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from recordings.lifecycle.actions import Change
from recordings.model.alerts import AcknowledgedAlert, Acknowledgement, AlertKey, AlertKind
from recordings.model.audit import AuditAction, AuditEvent, Source
from recordings.model.listing import Cursor
from recordings.model.recording import Recording
from recordings.service.lookup import page
from tests.contract.conftest import Stored
from tests.fakes.rows import NOW, a_recorder, an_alert, at, over, running, up


def recorded(stored: Stored, *numbers: int, **facts: str) -> list[Recording]:
    """One for each number, asked for so many seconds after another."""
    return [stored.added(over(id=f"rec{n:02}", requested_at=at(n), agora_channel=f"call{n}", **facts)) for n in numbers]


def walked(stored: Stored, channel: str = "C1", name: str | None = None) -> list[list[str]]:
    """The ids on each page, until there is no next one."""
    pages, after = [], None
    while True:
        found = page(stored.recordings, channel, name, after)
        pages.append([recording.id for recording in found.recordings])
        if found.next is None:
            return pages
        after = Cursor.read(str(found.next))


def test_every_recording_is_on_one_page_the_newest_first(stored: Stored) -> None:
    recorded(stored, *range(23))
    pages = walked(stored)

    assert [len(each) for each in pages] == [10, 10, 3]
    assert [row for each in pages for row in each] == [f"rec{n:02}" for n in reversed(range(23))]


def test_a_page_that_is_full_to_the_brim_has_none_behind_it(stored: Stored) -> None:
    recorded(stored, *range(10))
    assert [len(each) for each in walked(stored)] == [10]


def test_those_of_the_same_moment_are_neither_lost_nor_shown_twice(stored: Stored) -> None:
    for n in range(23):
        stored.added(over(id=f"rec{n:02}", requested_at=at(n // 12 + 0.25), agora_channel=f"call{n}"))
    rows = [row for each in walked(stored) for row in each]

    assert sorted(rows) == [f"rec{n:02}" for n in range(23)]


def test_new_ones_that_come_meanwhile_move_nothing(stored: Stored) -> None:
    recorded(stored, *range(15))
    first = page(stored.recordings, "C1", None, None)
    recorded(stored, *range(20, 30))
    second = page(stored.recordings, "C1", None, first.next)

    assert [r.id for r in second.recordings] == [f"rec{n:02}" for n in reversed(range(5))]
    assert second.next is None


def test_only_what_was_asked_for_in_this_channel_and_of_this_name_is_listed(stored: Stored) -> None:
    recorded(stored, 1, 2, 3)
    recorded(stored, 4, slack_channel="C2")
    stored.added(up(id="again", requested_at=at(9), agora_channel="call2"))

    assert walked(stored) == [["again", "rec03", "rec02", "rec01"]]
    assert walked(stored, "C2") == [["rec04"]]
    assert walked(stored, "C9") == [[]]
    assert walked(stored, name="call2") == [["again", "rec02"]]
    strange = Cursor(at(100), "x", None)
    assert [r.id for r in page(stored.recordings, "C2", None, strange).recordings] == ["rec04"], (
        "a cursor opens nothing"
    )


def test_every_recorder_of_a_recording_is_known_the_oldest_first(stored: Stored) -> None:
    recording = stored.added(up())
    second = a_recorder(id="rec1.2", created_at=at(5))
    first = running(wanted=False, gone_at=at(4))
    stored.saved(recording, Change(recording, recorders=(second, first)))
    stored.saved(recording, Change(recording, recorders=(a_recorder(id="rec2.1", recording_id="rec2"),)))

    assert stored.recorders.of_recording("rec1") == [first, second]
    assert stored.recorders.of_recording("nobody") == []


FAILED = an_alert(up())
NAME = AlertKey.of(FAILED)


def alerted(stored: Stored) -> None:
    recording = stored.added(up())
    stored.saved(recording, Change(recording, alerts=(FAILED,)))


def test_the_first_who_says_so_is_on_it_and_whoever_comes_later_hears_who(stored: Stored) -> None:
    alerted(stored)
    first = AcknowledgedAlert(FAILED, Acknowledgement("U2", at(5)))

    assert stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U2", at(5))) == first
    assert stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U3", at(9))) == first
    assert stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U2", at(9))) == first


def test_of_many_at_once_one_is_first_and_all_hear_of_the_same(stored: Stored) -> None:
    alerted(stored)
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda n: stored.outbox.acknowledge(NAME, "C1", Acknowledgement(f"U{n}", at(n))), range(8))
        )

    assert len({each.acknowledgement.by for each in found if each}) == 1


def test_an_alert_of_another_channel_or_one_that_is_not_there_is_not_taken(stored: Stored) -> None:
    alerted(stored)

    assert stored.outbox.acknowledge(NAME, "C2", Acknowledgement("U2", NOW)) is None
    assert (
        stored.outbox.acknowledge(AlertKey("rec1", AlertKind.WARNING, "lost"), "C1", Acknowledgement("U2", NOW)) is None
    )
    assert (
        stored.outbox.acknowledge(AlertKey("nobody", AlertKind.FAILED, "lost"), "C1", Acknowledgement("U2", NOW))
        is None
    )
    kept = stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U3", NOW))
    assert kept is not None
    assert kept.acknowledgement.by == "U3"


def test_an_alert_that_is_taken_is_delivered_all_the_same_whoever_leads(stored: Stored) -> None:
    alerted(stored)
    stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U2", NOW))
    (job,) = stored.outbox.waiting()
    epoch = stored.succeed()
    stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U3", NOW))
    stored.outbox.delivered(job.id, "1.0", NOW, epoch)

    assert job.alert == FAILED
    assert stored.outbox.waiting() == []
    assert stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U3", NOW)) == AcknowledgedAlert(
        FAILED, Acknowledgement("U2", NOW)
    )


def test_taking_an_alert_is_an_act_of_whoever_was_first(stored: Stored) -> None:
    alerted(stored)
    audit_event = AuditEvent(
        at=at(5),
        who="U2",
        what=AuditAction.ACKNOWLEDGED_ALERT,
        source=Source.BUTTON,
        recording_id="rec1",
        slack_channel="C1",
    )
    stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U2", at(5)), audit_event)
    stored.outbox.acknowledge(NAME, "C1", Acknowledgement("U3", at(9)), replace(audit_event, who="U3"))

    assert stored.audit_log.all() == [audit_event]
