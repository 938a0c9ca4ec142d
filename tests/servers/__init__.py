"""Real database servers for the tests: PostgreSQL, TimescaleDB in WASM, a native TimescaleDB."""
