"""The bytes of uploaded files."""

from __future__ import annotations

from simulator.agora.uploads.plan import Content, Mp4Media, SliceMedia

_BYTES_PER_SECOND = 2500


def render(content: Content) -> bytes:
    """A file that can be played."""
    from simulator.bucket import media  # slow to import, and many tests never upload

    match content:
        case SliceMedia():
            return media.segment(content.offset, content.seconds, content.kinds)
        case Mp4Media():
            return media.mp4(content.seconds, content.kinds)
    return content


def render_sizes(content: Content) -> bytes:
    """A file of plausible size and, for MP4, a correct beginning; it can't be played, but takes no time to make."""
    match content:
        case SliceMedia():
            return b"\x47" + bytes(188 + int(content.seconds * _BYTES_PER_SECOND))
        case Mp4Media():
            return b"\0\0\0\x18ftypisom\0\0\x02\0isommp41" + bytes(1000 + int(content.seconds * _BYTES_PER_SECOND))
    return content
