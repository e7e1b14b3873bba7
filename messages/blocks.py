"""Text and blocks for Slack: escaped, cut, with times in the reader's own time zone; and message metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from recordings.model.options import END_WORDS, HELP_WORDS, OPTION_WORDS, UNSPACED_END
from recordings.model.reason import Reason
from recordings.model.recording import Recording

Block = dict[str, Any]

CUT_NAME = 80
CUT_DETAIL = 300
EN_DASH = "\u2013"
"""Between two times."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `text` for notifications and screen readers, `blocks` for the screen, `metadata` for apps."""

    text: str
    blocks: tuple[Block, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)

    def as_plain_text(self) -> Message:
        return replace(self, blocks=())


def escape(text: str) -> str:
    """Escapes Slack's three control characters (docs.slack.dev, Formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, most: int) -> str:
    """At most `most` characters. A text that is cut ends in an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def plain(text: str, most: int = CUT_DETAIL) -> str:
    """A text from people or from Agora, made safe: one line, cut, escaped, without backticks."""
    one_line = " ".join(text.split()).replace("`", "'")
    return escape(cut(one_line, most))


def code(text: str, most: int = CUT_NAME) -> str:
    """A name in a fixed-width font."""
    return f"`{escape(cut(text.replace('`', chr(39)), most))}`"


_UNFORMATTED = re.compile(r"[A-Za-z0-9 .,+-]*[A-Za-z0-9]")
CALL = "{call}"
"""Where a title has the name of the call."""


def call(name: str) -> str:
    """The name of a call in a sentence: bold, or in a fixed-width font if Slack would read its characters as markup."""
    shown = cut(name, CUT_NAME)
    return f"*{shown}*" if _is_unformatted(shown) else code(name)


def title(words: str, name: str) -> str:
    """A title in bold, with the name of the call in place of `CALL`. A name that Slack would read as markup is in a
    fixed-width font instead, because bold text can't hold it."""
    shown = cut(name, CUT_NAME)
    return f"*{words.replace(CALL, shown)}*" if _is_unformatted(shown) else words.replace(CALL, code(name))


def _is_unformatted(name: str) -> bool:
    return _UNFORMATTED.fullmatch(name) is not None and name[0] != " "


_MEANING_WORDS = frozenset((*OPTION_WORDS, *END_WORDS, *HELP_WORDS))


def quoted(name: str) -> str:
    """A name as an argument of `/record start`: in quotes if the parser would read it as something else."""
    means_something = name.lower() in _MEANING_WORDS or UNSPACED_END.match(name)
    return f'"{name}"' if " " in name or name[:1] in "@#:" or means_something else name


def typed(name: str) -> str:
    """The same for a message: escaped and cut."""
    return code(quoted(name)).strip("`")


def capitalized(words: str) -> str:
    """For the beginning of a sentence. An address or a mention stays as it is."""
    first = words.partition(" ")[0]
    return words if re.search("[@<#/]", first) else words[:1].upper() + words[1:]


def person(user: str) -> str:
    return f"<@{user}>"


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def clock(moment: datetime) -> str:
    """The time of day in the reader's zone. Clients that can't show that show UTC."""
    return f"<!date^{int(moment.timestamp())}^{{time_secs}}|{moment:%H:%M:%S} UTC>"


def time_of_day(moment: datetime) -> str:
    """Without seconds, for what people plan by. Clients that can't show the reader's zone show UTC."""
    return f"<!date^{int(moment.timestamp())}^{{time}}|{moment:%H:%M} UTC>"


def date_and_time(moment: datetime) -> str:
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{moment:%Y-%m-%d %H:%M} UTC>"


def day_and_time(moment: datetime) -> str:
    """For a sentence: `today at 9:39 PM`."""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{moment:%Y-%m-%d at %H:%M} UTC>"


def is_same_minute(one: datetime, other: datetime) -> bool:
    """Whether both read the same without seconds."""
    return one.timestamp() // 60 == other.timestamp() // 60


def time_range(begun_at: datetime, ended_at: datetime) -> str:
    """The day, and from when to when: `today, 8:53 PM-9:10 PM`; one time if both would read the same."""
    day = f"<!date^{int(begun_at.timestamp())}^{{date_short_pretty}}, {{time}}|{begun_at:%Y-%m-%d, %H:%M} UTC>"
    return day if is_same_minute(begun_at, ended_at) else f"{day}{EN_DASH}{time_of_day(ended_at)}"


def exact_span(span: timedelta) -> str:
    """A measured span: `1 h 05 min`, `12 min 30 s`, `40 s`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds >= 60 else f"{seconds} s"


def about(span: timedelta) -> str:
    """A span as people say it: `17 min`, `1 h 5 min`, `40 s` (seconds below a minute alone)."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes or not hours else [])])


def rounded_span(seconds: float) -> str:
    """A span that somebody chose: `30 min`, `1 h`, `1 h 30 min`, `6 s`."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min"), (left, "s")) if number]
    return " ".join(parts) or f"{seconds:g} s"


def section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, 3000)}}


def sections(lines: Sequence[str]) -> tuple[Block, ...]:
    """The lines in as few sections as Slack's limit of 3,000 characters allows. A line stays whole."""
    packed: list[str] = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= 3000:
            packed[-1] += f"\n{line}"
        else:
            packed.append(line)
    return tuple(section(text) for text in packed)


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, 3000)}]}


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    """A confirmation dialog of a button."""
    return {
        "title": {"type": "plain_text", "text": cut(title, 100), "emoji": False},
        "text": {"type": "plain_text", "text": cut(text, 300), "emoji": False},
        "confirm": {"type": "plain_text", "text": cut(yes, 30), "emoji": False},
        "deny": {"type": "plain_text", "text": cut(no, 30), "emoji": False},
        "style": "danger",
    }


CARD = "recording_card"


def metadata(event_type: str, recording: Recording, reason: Reason | None) -> dict[str, Any]:
    """Slack's `metadata` argument. Fields without a value are left out: Slack ignores metadata with a null."""
    payload = {
        "recording_id": recording.id,
        "agora_channel": recording.agora_channel,
        "slack_channel": recording.slack_channel,
        "state": str(recording.state),
        "reason": None if reason is None else str(reason),
        "sid": recording.sid,
        "started_by": recording.started_by,
        "started_at": _iso(recording.started_at),
        "ended_at": _iso(recording.ended_at),
    }
    return {"event_type": event_type, "event_payload": {key: value for key, value in payload.items() if value}}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
