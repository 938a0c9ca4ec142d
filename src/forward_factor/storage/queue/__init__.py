"""The queue between scheduler and workers: pgqueuer's, in the server's own tables or in memory."""
