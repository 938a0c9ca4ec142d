"""Where aggregates of the domain are written and read back, within a unit of work."""
