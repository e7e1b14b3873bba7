"""The options of a recording as text, and the menu that changes its layout."""

from __future__ import annotations

from messages.blocks import Block, person
from recordings.lifecycle.end_times import is_ongoing
from recordings.lifecycle.layouts import is_pending, is_refused
from recordings.model.options import DEFAULT_OPTIONS, Layout, Media, Options, Resolution
from recordings.model.recording import Recording

LAYOUT_ACTION = "change_layout"
MEDIA_NAMES = {Media.VIDEO: "Video", Media.AUDIO: "Audio only"}
LAYOUT_NAMES = {Layout.FLOATING: "Floating", Layout.GRID: "Grid", Layout.SPEAKER: "Speaker"}
LAYOUT_HINTS = {
    Layout.FLOATING: "One person fills the screen, others in small tiles",
    Layout.GRID: "Everyone the same size",
    Layout.SPEAKER: "One person large, others beside",
}
RESOLUTION_NAMES = {
    Resolution.P360: "360p (640 x 360)",
    Resolution.P480: "480p (848 x 480)",
    Resolution.P720: "720p (1280 x 720)",
    Resolution.P1080: "1080p (1920 x 1080)",
}


def options_summary(options: Options) -> str:
    """The options that differ from the default; empty if none does."""
    if not options.has_picture:
        return "audio only"
    resolution = [str(options.resolution)] if options.resolution is not DEFAULT_OPTIONS.resolution else []
    layout = [f"{options.layout} layout"] if options.layout is not DEFAULT_OPTIONS.layout else []
    return ", ".join(resolution + layout)


def options_line(recording: Recording) -> str:
    """The line of the card about options; empty if all are the default and nobody chose a layout."""
    options = recording.options
    if not options.has_picture:
        return MEDIA_NAMES[Media.AUDIO]
    resolution = [str(options.resolution)] if options.resolution is not DEFAULT_OPTIONS.resolution else []
    layout = _layout(recording)
    return " · ".join(resolution + ([f"Layout: {layout}"] if layout else []))


def _layout(recording: Recording) -> str:
    by = "" if recording.intent.layout_by is None else person(recording.intent.layout_by)
    wanted, current = recording.layout, recording.current_layout
    if is_refused(recording):
        return f"{current}. Agora refused {wanted}" + (f", which {by} chose" if by else "")
    if not by and wanted is DEFAULT_OPTIONS.layout:
        return ""
    chosen = f", chosen by {by}" if by else ""
    if is_pending(recording):
        when = "once somebody is in the call" if wanted is Layout.SPEAKER else "in a moment"
        return f"{wanted}{chosen}, {when}"
    large = recording.applied_layout.big_uid if current is Layout.SPEAKER else None
    return f"{current}{chosen}" + (f" (user {large} is large)" if large is not None else "")


def layout_menu(recording: Recording) -> Block | None:
    """The menu of the card, while the layout can be changed."""
    if not is_ongoing(recording) or not recording.options.has_picture:
        return None
    options = {layout: _option(layout, recording.id) for layout in Layout}
    selected = recording.current_layout if is_refused(recording) else recording.layout
    return {
        "type": "static_select",
        "action_id": LAYOUT_ACTION,
        "placeholder": {"type": "plain_text", "text": "Layout", "emoji": False},
        "options": list(options.values()),
        "initial_option": options[selected],
    }


def _option(layout: Layout, recording_id: str) -> Block:
    return {
        "text": {"type": "plain_text", "text": f"Layout: {layout}", "emoji": False},
        "description": {"type": "plain_text", "text": LAYOUT_HINTS[layout], "emoji": False},
        "value": f"{layout}:{recording_id}",
    }


def parse_layout_choice(value: str) -> tuple[Layout, str] | None:
    """The layout and the recording's id in the value of a menu option; None for another value."""
    layout, _, recording_id = value.partition(":")
    return (Layout(layout), recording_id) if layout in tuple(Layout) else None


def menu_version(recording: Recording) -> str:
    """A part of the block id that differs after each choice. While the id stays the same, Slack shows each person
    their own last choice (docs.slack.dev, blocks: block_id)."""
    chosen_at = recording.intent.layout_at
    version = "" if chosen_at is None else f"-{int(chosen_at.timestamp() * 1000)}"
    return version + ("-refused" if is_refused(recording) else "")
