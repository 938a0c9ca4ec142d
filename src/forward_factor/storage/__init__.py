"""The time-series store: SQLite, PostgreSQL and TimescaleDB behind one set of tables."""
