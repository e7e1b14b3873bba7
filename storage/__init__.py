"""Where recordings are written down: SQLAlchemy on SQLite (PostgreSQL speaks the same tables)."""
