"""The repositories of one database."""

from __future__ import annotations

from recordings.repositories import Repositories
from storage.audit import AuditLog
from storage.database import Database
from storage.incidents import Incidents
from storage.notifications import Notifications
from storage.outbox import Outbox
from storage.recorders import Recorders
from storage.recordings import Recordings
from storage.timeline import Timeline


def repositories_in(database: Database) -> Repositories:
    return Repositories(
        recordings=Recordings(database),
        recorders=Recorders(database),
        alerts=Outbox(database),
        timeline=Timeline(database),
        notifications=Notifications(database),
        incidents=Incidents(database),
        audit_log=AuditLog(database),
    )
