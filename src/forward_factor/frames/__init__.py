"""Columns as polars frames, and frames as files."""
