"""The step for Agora's notifications: what it logs."""

from __future__ import annotations

from structlog.testing import capture_logs

from recordings.model.notifications import Notification
from tests.fakes.histories import History
from tests.fakes.notifications import gap, progress, upload_error


def logged(history: History, notification: Notification) -> list[str]:
    """The levels of the lines about this notification."""
    history.receives([notification])
    with capture_logs() as lines:
        history.runs(1)
    return [line["log_level"] for line in lines if line["event"] == "notification_applied"]


def test_a_notification_that_repeats_what_is_known_is_not_logged() -> None:
    history = History()
    history.runs(60)

    assert logged(history, progress(5000, seconds=60)) == ["info"]
    for minute in (2, 3, 4):
        assert logged(history, progress(5000, seconds=60 * minute)) == ["debug"]
    assert logged(history, progress(6000, seconds=300)) == ["info"]


def test_a_fact_is_logged_once() -> None:
    history = History()
    history.runs(60)

    assert [logged(history, gap(20, 30)) for _ in range(2)] == [["info"], ["debug"]]


def test_an_error_is_logged_as_a_warning_each_time() -> None:
    history = History()
    history.runs(60)

    assert [logged(history, upload_error()) for _ in range(2)] == [["warning"], ["warning"]]
