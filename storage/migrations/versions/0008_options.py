"""How a recording was asked for, and the layout that somebody wants while it goes on"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("options", sa.JSON(none_as_null=True)),
    ("layout_wanted", sa.String(length=32)),
    ("layout_wanted_by", sa.String(length=32)),
    ("layout_wanted_at", sa.DateTime(timezone=True)),
    ("shown", sa.JSON(none_as_null=True)),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("recordings", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _ in reversed(_COLUMNS):
        op.drop_column("recordings", name)
