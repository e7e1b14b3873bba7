"""Names of the options, and the reply of the card's menu in which people choose another layout."""

from __future__ import annotations

from messages.blocks import Block, Message, call, section
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


def picture_and_sound(options: Options) -> str:
    """What differs from the default, for the small print of the card. The layout is in its menu."""
    if not options.has_picture:
        return MEDIA_NAMES[Media.AUDIO]
    return "" if options.resolution is DEFAULT_OPTIONS.resolution else str(options.resolution)


def options_summary(options: Options) -> str:
    """The options that differ from the default; empty if none does."""
    if not options.has_picture:
        return "audio only"
    resolution = [str(options.resolution)] if options.resolution is not DEFAULT_OPTIONS.resolution else []
    layout = [f"{options.layout} layout"] if options.layout is not DEFAULT_OPTIONS.layout else []
    return ", ".join(resolution + layout)


def choose_layout(recording: Recording) -> Message:
    """The layouts to choose from, for the person who opened the menu."""
    words = f"Choose a layout for {call(recording.agora_channel)}."
    menu: Block = {"type": "actions", "block_id": f"layout-{recording.id}", "elements": [_layout_menu(recording)]}
    return Message(text=words, blocks=(section(words), menu))


def changing_layout(recording: Recording) -> Message:
    """The layout was chosen. In the speaker layout somebody has to be large, so it waits for the first person."""
    name = LAYOUT_NAMES[recording.layout]
    waits = " It changes once someone joins." if _waits_for_somebody(recording) else ""
    words = f"Changing the layout of {call(recording.agora_channel)} to {name}.{waits}"
    return Message(text=words, blocks=(section(words),))


def _waits_for_somebody(recording: Recording) -> bool:
    return recording.layout is Layout.SPEAKER and recording.people_count == 0


def _layout_menu(recording: Recording) -> Block:
    options = {layout: _option(layout, recording.id) for layout in Layout}
    return {
        "type": "static_select",
        "action_id": LAYOUT_ACTION,
        "placeholder": {"type": "plain_text", "text": "Layout", "emoji": False},
        "options": list(options.values()),
        "initial_option": options[recording.layout],
    }


def _option(layout: Layout, recording_id: str) -> Block:
    return {
        "text": {"type": "plain_text", "text": LAYOUT_NAMES[layout], "emoji": False},
        "description": {"type": "plain_text", "text": LAYOUT_HINTS[layout], "emoji": False},
        "value": f"{layout}:{recording_id}",
    }


def parse_layout_choice(value: str) -> tuple[Layout, str] | None:
    """The layout and the recording's id in the value of a menu option; None for another value."""
    layout, _, recording_id = value.partition(":")
    return (Layout(layout), recording_id) if layout in tuple(Layout) else None
