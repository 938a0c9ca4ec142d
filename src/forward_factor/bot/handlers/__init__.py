"""What the bot can do: one command, or a few that belong together, a file."""
