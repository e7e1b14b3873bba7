"""Recorders as controls show them: copies of the simulator's own objects."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.agora.fields import Fields
from simulator.agora.state.recorder import Recorder


@dataclass(frozen=True)
class RecorderView:
    """A recorder at one moment."""

    channel: str
    uid: int
    """The uid that acquire and start named."""
    channel_uid: int
    """The uid that it has in the channel now (another one after a move)."""
    next_uid: int | None
    """The uid that it will have after a move."""
    sid: str
    resource_id: str
    mode: str
    phase: str
    status: int | None
    """The status that a query would answer; None: 404."""
    running: bool
    """Whether it costs money: until a stop, until it leaves by itself, or until it dies."""
    in_channel: bool
    recorded: bool
    started_at: float
    """Unix time."""
    ended_at: float | None
    """Unix time."""
    ended_by: str | None
    """`stopped`, `console`, `idle`, `thrown_out`, `killed`, `crashed`, `token_expired`, `same_uid`, …"""
    moves: int
    files: tuple[str, ...]
    """The files that queries name."""
    uploaded: tuple[str, ...]
    """The keys of its files in the bucket so far, in order."""
    seconds: float
    """Seconds of media so far, including those of servers before a move."""
    token_expires_at: float | None
    """Unix time; None if the project has no certificate, or if the token is bad."""
    token_problem: str | None
    request: Fields
    layout: Fields
    """`mixedVideoLayout` and what goes with it, as last set."""


def view(recorder: Recorder, now: float) -> RecorderView:
    """A copy of a recorder."""
    offset = recorder.started_wall - recorder.started_at
    return RecorderView(
        channel=recorder.channel,
        uid=recorder.uid,
        channel_uid=recorder.channel_uid,
        next_uid=recorder.next_uid,
        sid=recorder.sid,
        resource_id=recorder.resource_id,
        mode=recorder.mode,
        phase=recorder.phase.value,
        status=recorder.status(now) if recorder.is_found(now) else None,
        running=recorder.running,
        in_channel=recorder.in_channel,
        recorded=recorder.recorded,
        started_at=recorder.started_wall,
        ended_at=None if recorder.ended_at is None else recorder.ended_at + offset,
        ended_by=recorder.ended_by,
        moves=recorder.moves,
        files=tuple(str(file["fileName"]) for file in recorder.files(now)),
        uploaded=tuple(recorder.uploaded),
        seconds=sum(server.mix.seconds(now) for server in recorder.servers),
        token_expires_at=None if recorder.token_until is None else recorder.token_until + offset,
        token_problem=recorder.token_problem,
        request=recorder.request,
        layout=dict(recorder.layout),
    )
