"""Plain queries that answer questions; nothing here writes."""
