"""Hostile texts from people and from Agora, and the rules that every message has to keep."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from agora.channels import ALLOWED, MAX_BYTES
from messages.blocks import Message
from recordings.model.delivery import Delivery, DeliveryState, MediaFile
from recordings.model.options import AppliedLayout, Layout, Media, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import Gap, Reported
from recordings.model.segments import LostSegment
from recordings.service.links import Link
from simulator.slack.blocks import message_problems, metadata_valid, too_long
from tests.fakes.rows import NOW, a_recording, at
from tests.fakes.slack_rules import check_message

PEOPLE = ("U012AB3CD", "W0123456789")
CHANNEL = "C012AB3CD"
_OUR_MARKS = [
    *(rf"<@{person}>" for person in PEOPLE),
    rf"<#{CHANNEL}>",
    r"<!date\^\d+\^[^|<>]+\|[^<>|]+ UTC>",
    r"<https://status\.agora\.io\|Agora's status page>",
    rf"<https://acme\.slack\.com/archives/{CHANNEL}/p\d+\|Go to card>",
]
_MARK = re.compile("|".join(_OUR_MARKS))

_HOSTILE = [
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<@U012AB3CD>",
    "<#C012AB3CD|x>",
    "<!subteam^S012AB3CD>",
    "<https://evil.example|click>",
    "&" * 64,
    "<" * 64,
    "`" * 30,
    "*_~`" * 9,
    "```",
    "\n\n> quote\n",
    "\u202e\u200b\u0000",
    "\U0001f3a5" * 30,
    "x" * 4000,
    "<" * 4000,
    "a b\tc\rd\n" * 300,
]
anything = st.one_of(st.sampled_from(_HOSTILE), st.text(max_size=60))
agora_names = st.one_of(
    st.text(alphabet=sorted(ALLOWED), min_size=1, max_size=MAX_BYTES),
    st.sampled_from(["&" * MAX_BYTES, "<!channel>", "<@U012AB3CD>", ":smile:", "*bold*", " ", "~_*" * 20]),
)
file_names = st.lists(st.one_of(anything, st.just("38f8e3cf_daily_0.mp4")), max_size=4).map(lambda few: tuple(few * 3))
many_names = st.lists(anything, max_size=4).map(lambda few: tuple(few * 15))
"""Up to 60, of which a few differ: to draw 60 texts takes long."""
sizes = st.integers(0, 10**15)
deliveries = st.builds(
    Delivery,
    state=st.sampled_from(DeliveryState),
    media_files=st.lists(st.builds(MediaFile, key=anything, size=sizes), max_size=4).map(lambda few: tuple(few * 12)),
    playlists=many_names,
    seconds=st.floats(0, 10**9),
    size=sizes,
    missing=many_names,
    empty=many_names,
    code=st.just("") | anything,
)
recorders = st.builds(
    Recorder,
    id=st.just("rec1.1"),
    recording_id=st.just("rec1"),
    agora_channel=agora_names,
    uid=st.integers(1, 2**32),
    created_at=st.just(NOW),
    next_step_at=st.just(NOW),
    resource_id=st.none() | anything,
    sid=st.none() | anything,
    moved_uid=st.none() | st.integers(1, 2**32),
    gone_at=st.none() | st.just(NOW),
)
gaps = st.lists(
    st.builds(Gap, begun_at=st.integers(0, 10**6).map(at), ended_at=st.integers(0, 10**6).map(at)), max_size=7
).map(tuple)
links = st.lists(
    st.builds(
        Link, name=anything, size=sizes, url=st.integers(20, 2000).map(lambda n: "https://b.example/?" + "x" * n)
    ),
    min_size=1,
    max_size=10,
).flatmap(lambda few: st.sampled_from([1, 5]).map(lambda times: tuple(few * times)))
people = st.sampled_from(PEOPLE)
moments = st.integers(0, 10**6).map(at)
maybe_moments = st.none() | moments

options = st.builds(
    Options, media=st.sampled_from(Media), layout=st.sampled_from(Layout), resolution=st.sampled_from(Resolution)
)
applied_layouts = st.builds(
    AppliedLayout,
    layout=st.none() | st.sampled_from(Layout),
    big_uid=st.none() | st.integers(1, 2**32 - 1),
    refused_at=maybe_moments,
)


lost_segments = st.lists(
    st.builds(
        LostSegment,
        sid=st.just("38f8e3cf") | anything,
        uid=st.integers(1, 2**32),
        up_at=moments,
        found_at=moments,
        lost_at=moments,
        left_at=maybe_moments,
        resumed_at=maybe_moments,
    ),
    max_size=3,
).map(tuple)


@st.composite
def recordings(draw: st.DrawFn, /, **fixed: Any) -> Recording:
    """Any row, even one that can't exist."""
    fields: dict[str, Any] = {
        "agora_channel": draw(agora_names),
        "slack_channel": CHANNEL,
        "started_by": draw(people),
        "state": draw(st.sampled_from(State)),
        "reason": None,
        "detail": draw(st.just("") | anything),
        "sid": draw(st.none() | st.just("38f8e3cf")),
        "status": draw(st.none() | st.integers(0, 8)),
        "started_at": draw(maybe_moments),
        "first_file_at": draw(maybe_moments),
        "ended_at": draw(maybe_moments),
        "unwatched_from": draw(maybe_moments),
        "unwatched_to": draw(maybe_moments),
        "people_count": draw(st.none() | st.integers(0, 10**6)),
        "people_counted_at": draw(maybe_moments),
        "most_people": draw(st.none() | st.integers(0, 10**6)),
        "found_at": draw(maybe_moments),
        "not_found_since": draw(maybe_moments),
        "found_empty": draw(st.integers(0, 1)),
        "unanswered_since": draw(maybe_moments),
        "unanswered_reason": draw(st.sampled_from([None, Reason.UNAUTHORIZED, Reason.AGORA_UNREACHABLE])),
        "unreadable_answer": draw(st.just("") | anything),
        "tries": draw(st.integers(0, 5)),
        "ends_at": draw(maybe_moments),
        "extended_by": draw(st.none() | people),
        "stop_reason": draw(st.none() | st.sampled_from([Reason.STOPPED, Reason.TIME_LIMIT])),
        "files": draw(file_names),
        "files_awaited": draw(st.booleans()),
        "reported": Reported(notifications=draw(st.integers(0, 10**6)), gaps=draw(gaps)),
        "delivery": draw(st.none() | deliveries),
        "lost_segments": draw(lost_segments),
        "card_ts": draw(st.none() | st.just("1750160520.000100")),
        "options": draw(options),
        "applied_layout": draw(applied_layouts),
        "requested_at": NOW,
    }
    if draw(st.booleans()):
        choice = {"chosen_layout": draw(st.sampled_from(Layout)), "layout_by": draw(people)}
        fields |= choice | {"layout_at": draw(moments)}
    if draw(st.booleans()):
        fields |= {"stop_by": draw(people), "stop_at": draw(moments)}
    return a_recording(**(fields | fixed))


def formatted_texts(value: Any) -> Iterator[str]:
    """Every text in blocks or in a view that Slack formats."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for inner in value.values():
            yield from formatted_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from formatted_texts(inner)


def assert_slack_takes(message: Message) -> None:
    """The message is within Slack's limits, has a text, and has no marks except ours, each of them complete."""
    assert message.text.strip()
    assert len(message.text) <= 4000, "chat.update refuses more"
    blocks = list(message.blocks)
    assert json.loads(json.dumps(blocks)) == blocks
    assert message_problems(blocks) == []
    check_message(blocks)
    assert not too_long(blocks)
    for text in (message.text, *formatted_texts(blocks)):
        rest = _MARK.sub("", text)
        assert "<" not in rest, rest
        assert ">" not in rest, rest
    if message.metadata:
        assert metadata_valid(message.metadata)
