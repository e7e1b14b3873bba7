"""The database: SQLAlchemy on SQLite or PostgreSQL, with the same tables on both."""
