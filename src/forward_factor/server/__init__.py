"""The HTTP API: what comes in is checked, handed to one use case, and answered; errors become problem details."""
