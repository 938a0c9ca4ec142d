"""Backups: one file that knows what it holds, made from a consistent snapshot and verified on the way back."""
