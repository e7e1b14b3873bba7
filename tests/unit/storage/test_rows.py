"""What stands in the database as JSON, also where a newer program wrote it."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.options import Layout, Media, Options, Resolution
from recordings.model.recording import Recording
from storage.rows import columns, from_json, to_json
from tests.contract.test_steps import DELIVERY, EVERY_FACT
from tests.fakes.rows import a_delivery, a_recording, at, over

WHOLE = a_recording(
    **EVERY_FACT,
    unwatched_from=at(1),
    unwatched_to=at(2),
    attempt_started_at=at(3),
    stop_at=at(4),
    ends_at=at(5),
    options=Options(media=Media.AUDIO, layout=Layout.FLOATING, resolution=Resolution.P480, lasts=90.5),
    chosen_layout=Layout.SPEAKER,
    layout_at=at(6),
)


def through_json(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(value))
    return found


@pytest.mark.parametrize("delivery", [Delivery(), DELIVERY, a_delivery(1, 2, 3)])
def test_a_delivery_comes_back_as_it_was(delivery: Delivery) -> None:
    assert from_json(through_json(to_json(over(delivery=delivery)))).delivery == delivery


@pytest.mark.parametrize(
    "recording",
    [
        a_recording(),
        over(delivery=a_delivery()),
        WHOLE,
    ],
)
def test_a_recording_comes_back_as_it_was(recording: Recording) -> None:
    assert from_json(through_json(to_json(recording))) == recording


def test_a_field_that_this_program_does_not_know_is_left_out_wherever_it_stands() -> None:
    kept = through_json(to_json(over(delivery=a_delivery(5000))))
    kept["mood"] = "good"
    kept["delivery"]["colour"] = "blue"
    kept["delivery"]["parts"][0]["codec"] = "h265"

    assert from_json(kept) == over(delivery=a_delivery(5000))


def test_a_field_that_an_older_program_did_not_write_has_its_default() -> None:
    kept = through_json(to_json(over(delivery=DELIVERY)))
    del kept["files_awaited"], kept["options"], kept["shown"]
    kept["delivery"] = {"state": "ready", "parts": [{"key": "a", "size": 1}]}

    assert from_json(kept) == over(
        delivery=Delivery(state=DeliveryState.READY, media_files=(MediaFile(key="a", size=1),))
    )


def test_no_fact_is_left_out_of_this_suite() -> None:
    unset = {field.name for field in fields(Recording) if getattr(WHOLE, field.name) in (None, field.default)}

    assert unset <= {"intent", "probe"}
    assert {name for name, value in columns(WHOLE).items() if value is None} <= {
        "stop_wanted_by",
        "extended_by",
        "layout_wanted_by",
    }


def test_fields_that_were_renamed_keep_their_stored_names() -> None:
    stored = to_json(WHOLE)
    reported, delivery, segment = stored["told"], stored["delivery"], stored["lost_parts"][0]

    assert {"turn_at", "recorders", "lost_parts", "shown", "nothing_stored_at"} <= stored.keys()
    assert {"present", "present_at", "ending_told", "ending"} <= stored.keys()
    assert {"notices", "exit", "exit_at", "failing_at", "failing_told", "silent_told", "missed"} <= reported.keys()
    assert "learnt_at" in reported["streams"][0]
    assert {"parts", "looks", "seen"} <= delivery.keys()
    assert {"on_at", "recorders"} <= segment.keys()
