"""Every card, alert, reply and view in plain words: none that nobody says, and no name of another call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from messages import form, help, links, replies
from messages.alerts import alert_message
from messages.blocks import Message
from messages.cards import card
from messages.doctor import LOOKING
from messages.listing import listing
from messages.phases import HEADLINES, phase_of
from messages.timeline import timeline_message
from recordings.errors import BucketError, SlackRefused
from recordings.model.alerts import Acknowledgement
from recordings.model.confirmation import unconfirmed
from recordings.model.listing import Page
from recordings.model.options import Layout
from recordings.model.recording import Recording
from recordings.model.timeline import TimelineEntry, TimelineEvent
from tools.cards import CONFIG, Example, alerts, at, examples
from tools.slack_text import as_text, plain_text

NAME = "weekly-sync"
BANNED = (
    # clauses that no native speaker says
    *("ask for", "asks for", "asked for", "come up", "comes up", "came up", "put off", "puts off", "holds", "stands"),
    *("record on", "records on", "recorded on", "need be", "shall", "whoever", "nobody watched", "is told", "be told"),
    *("just now", "at the latest", "all well", "needs a look", "looked for", "looks for"),
    # the bot about itself
    *("this bot", "the bot", "person who set", "set me up"),
    # what only engineers know
    *("HTTP", "sid", "uid", "HLS", "m3u8", "webhook", "credentials", "bucket", "status 4", "status 5", "404", "401"),
    *("epoch", "lease", "token", "App Certificate", "AGORA_APP_ID", "STORAGE_BUCKET", "ALLOW_GUESTS"),
)
"""In nothing that people read, except in the small print, in Details and in *Show location*."""
OTHER_NAMES = ("daily", "team call", "team-sync", "standup")
"""Examples may use no name but the one that people typed."""
DOMAIN = "acme"


def cards() -> Iterator[tuple[str, Message]]:
    for example in examples(NAME):
        yield f"card: {example.title}", card(example.recording, CONFIG, example.now)


def every_alert() -> Iterator[tuple[str, Message]]:
    for alert in alerts(NAME):
        acknowledgement = Acknowledgement("U2", at(11))
        yield f"{alert.kind} {alert.reason}", alert_message(alert, CONFIG)
        yield f"{alert.kind} {alert.reason}, direct", alert_message(alert, CONFIG, direct=True)
        yield f"{alert.kind} {alert.reason}, taken", alert_message(alert, CONFIG, acknowledgement=acknowledgement)


def every_reply() -> Iterator[tuple[str, Message]]:
    for example in examples(NAME):
        for name, message in _about(example.recording):
            yield f"{name}: {example.title}", message
    refused = SlackRefused("channel_not_found")
    yield "elsewhere", replies.already_elsewhere(NAME)
    yield "unknown", replies.recording_unknown()
    yield "guests", replies.only_members("start or stop recordings")
    yield "not allowed", replies.channel_not_allowed(NAME, ("a*", "b"), CONFIG.support_contact)
    yield "nothing here", replies.nothing_recorded(NAME)
    yield "nothing at all", replies.nothing_recorded("")
    yield "not in the channel", replies.not_in_channel("Recorder")
    yield "not in the conversation", replies.not_in_conversation()
    yield "storage failed", replies.storage_failed("0a1b")
    yield "unexpected", replies.unexpected("0a1b")
    yield "taken", replies.already_acknowledged(Acknowledgement("U2", at(11)))
    yield "alert not edited", replies.alert_not_edited(refused)
    yield "form not opened", form.not_opened(SlackRefused("expired_trigger_id"))
    yield "members unknown", links.membership_unknown(refused, CONFIG.support_contact)
    yield "not a member", links.not_a_member()
    yield "no files", links.no_files()
    yield "no link", links.not_made(BucketError("", "NoAnswer"), CONFIG.support_contact)


def _about(recording: Recording) -> Iterator[tuple[str, Message]]:
    yield "starting", replies.starting(recording)
    yield "already here", replies.already_here(recording, DOMAIN, CONFIG)
    yield "stopping", replies.stopping(recording, already_requested=False)
    yield "stopping already", replies.stopping(recording, already_requested=True)
    yield "over", replies.already_over(recording, DOMAIN)
    yield "which one", replies.choose_recording([recording, replace(recording, id="other")])
    yield "status", replies.status([recording], DOMAIN, CONFIG)
    yield "list", listing(Page([recording], None, True, None), DOMAIN)
    yield "layout", replies.layout_already_chosen(recording)
    yield "no picture", replies.no_picture(recording)
    yield "extended", replies.extended(recording, at(60), cut=True)
    yield "not extended", replies.cannot_extend(recording, at(60))
    yield "can't post", replies.cannot_post(replace(recording, detail="not_in_channel"), "Recorder")


def timeline() -> Iterator[tuple[str, Message]]:
    for event in TimelineEvent:
        entry = TimelineEntry(
            recording_id="r", slack_channel="C1", at=at(3), what=event, who="U2", moment=at(2), layout=Layout.GRID
        )
        yield f"timeline: {event}", timeline_message(entry)


def every_message() -> list[tuple[str, Message]]:
    return [*cards(), *every_alert(), *every_reply(), *timeline()]


def shown(message: Message) -> str:
    """What people read of it, without the small print."""
    large = [block for block in message.blocks if block["type"] != "context"]
    labels = re.findall(r'"(?:text|accessibility_label)": "([^"]*)"', json.dumps(large, ensure_ascii=False))
    return "\n".join([message.text, as_text(replace(message, blocks=tuple(large)), {}), *labels])


def words_in(text: str, words: tuple[str, ...]) -> list[str]:
    """The words of the list that the text has, as whole words."""
    return [word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE)]


def test_no_message_has_a_word_that_people_do_not_use() -> None:
    assert {name: found for name, message in every_message() if (found := words_in(shown(message), BANNED))} == {}


def test_no_message_names_another_call() -> None:
    assert {name: found for name, message in every_message() if (found := words_in(shown(message), OTHER_NAMES))} == {}


def test_the_form_has_none_of_these_words() -> None:
    view = form.form(form.FormDefaults(NAME, [NAME]), form.Limits(14_400), "")
    assert words_in(json.dumps(view["blocks"], ensure_ascii=False), BANNED) == []
    texts = (form.NO_NAME, form.NO_LAYOUT, form.NO_RESOLUTION, form.already_recorded_here(NAME), LOOKING)
    assert [words_in(text, BANNED) for text in texts] == [[]] * len(texts)


def test_the_help_has_none_of_these_words() -> None:
    for topic in (None, "start", "stop", "status", "list", "doctor"):
        assert words_in(shown(help.help_text(CONFIG, topic)), BANNED) == [], topic
    for word in ("extend", "files", "link", "download", "share", "delete", "pause", "cancel", "who", "settings", "zz"):
        assert words_in(shown(help.unknown_command(word, None, CONFIG)), BANNED) == [], word


@pytest.mark.parametrize("example", examples(NAME), ids=lambda example: example.title)
def test_the_title_of_a_card_is_the_state_of_its_recording(example: Example) -> None:
    doubt = unconfirmed(example.recording, example.now, CONFIG.query_interval)
    headline = HEADLINES[phase_of(example.recording, doubt)]
    message = card(example.recording, CONFIG, example.now)
    before, after = headline.title.replace("{when}", "").split("{call}")

    for title in (message.text, as_text(message, {}).splitlines()[0]):
        assert title.startswith(f"{headline.emoji} {before}{NAME}{after}".rstrip()), title


def test_a_notification_begins_with_the_title_of_the_message() -> None:
    for name, message in every_alert():
        title = as_text(message, {}).splitlines()[0]
        assert plain_text(message.text, {}).startswith(title), name


def test_buttons_that_look_alike_are_named() -> None:
    """Of those that a channel can show several times: a screen reader says which call."""
    for name, message in [*cards(), *every_alert()]:
        for block in message.blocks:
            for element in block.get("elements", ()):
                if element["type"] == "button" and element["text"]["text"] not in ("Details", "I'm on it"):
                    assert NAME in element.get("accessibility_label", ""), (name, element["text"]["text"])
