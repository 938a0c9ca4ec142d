"""Alembic's migrations, for all three stores."""
