"""How a recording is made, in words, and the menu that changes its layout."""

from __future__ import annotations

from messages.blocks import Block, person
from recordings.lifecycle.end_times import is_ongoing
from recordings.lifecycle.layouts import is_pending, is_refused
from recordings.model.options import DEFAULT_OPTIONS, Layout, Media, Options, Resolution
from recordings.model.recording import Recording

LAYOUT_ACTION = "change_layout"
MEDIA_NAMES = {Media.VIDEO: "Sound and picture", Media.AUDIO: "Sound only"}
LAYOUT_NAMES = {Layout.FLOATING: "Floating", Layout.GRID: "Grid", Layout.SPEAKER: "Speaker"}
LAYOUT_HINTS = {
    Layout.FLOATING: "the first to join fills the picture, the others are small on top",
    Layout.GRID: "everybody is of one size",
    Layout.SPEAKER: "one is large: whoever has the lowest user ID; the others beside",
}
RESOLUTION_NAMES = {
    Resolution.P360: "360p (640 x 360)",
    Resolution.P480: "480p (848 x 480)",
    Resolution.P720: "720p (1280 x 720)",
    Resolution.P1080: "1080p (1920 x 1080)",
}


def in_words(options: Options) -> str:
    """What is not as usual; nothing where all is."""
    if not options.has_picture:
        return "sound only"
    resolution = [str(options.resolution)] if options.resolution is not DEFAULT_OPTIONS.resolution else []
    layout = [f"{options.layout} layout"] if options.layout is not DEFAULT_OPTIONS.layout else []
    return ", ".join(resolution + layout)


def how_it_is_made(recording: Recording) -> str:
    """The line of its card; nothing where all is as usual."""
    options = recording.options
    if not options.has_picture:
        return MEDIA_NAMES[Media.AUDIO]
    resolution = [str(options.resolution)] if options.resolution is not DEFAULT_OPTIONS.resolution else []
    layout = _layout(recording)
    return " · ".join(resolution + ([f"Layout: {layout}"] if layout else []))


def _layout(recording: Recording) -> str:
    by = "" if recording.intent.layout_by is None else person(recording.intent.layout_by)
    wanted, shown = recording.layout, recording.current_layout
    if is_refused(recording):
        return f"{shown}. Agora refused {wanted}" + (f", which {by} chose" if by else "")
    if not by and wanted is DEFAULT_OPTIONS.layout:
        return ""
    chosen = f", chosen by {by}" if by else ""
    if is_pending(recording):
        when = "once somebody is in the call" if wanted is Layout.SPEAKER else "in a moment"
        return f"{wanted}{chosen}, {when}"
    large = recording.applied_layout.big_uid if shown is Layout.SPEAKER else None
    return f"{shown}{chosen}" + (f" (user {large} is large)" if large is not None else "")


def layout_menu(recording: Recording) -> Block | None:
    """The menu on its card, while the layout can be changed."""
    if not is_ongoing(recording) or not recording.options.has_picture:
        return None
    options = {layout: _option(layout, recording.id) for layout in Layout}
    now = recording.current_layout if is_refused(recording) else recording.layout
    return {
        "type": "static_select",
        "action_id": LAYOUT_ACTION,
        "placeholder": {"type": "plain_text", "text": "Layout", "emoji": False},
        "options": list(options.values()),
        "initial_option": options[now],
    }


def _option(layout: Layout, recording_id: str) -> Block:
    return {
        "text": {"type": "plain_text", "text": f"Layout: {layout}", "emoji": False},
        "description": {"type": "plain_text", "text": LAYOUT_HINTS[layout], "emoji": False},
        "value": f"{layout}:{recording_id}",
    }


def chosen_layout(value: str) -> tuple[Layout, str] | None:
    """The layout and the recording's id that an option of the menu stands for; None where it is none."""
    layout, _, recording_id = value.partition(":")
    return (Layout(layout), recording_id) if layout in tuple(Layout) else None


def menu_state(recording: Recording) -> str:
    """Another one for each choice. Slack shows each person their own last choice in a block until its id changes
    (docs.slack.dev, blocks: block_id)."""
    wished = recording.intent.layout_at
    moment = "" if wished is None else f"-{int(wished.timestamp() * 1000)}"
    return moment + ("-refused" if is_refused(recording) else "")
