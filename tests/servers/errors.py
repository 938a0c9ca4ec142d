"""What the test servers raise."""


class ServerError(Exception):
    """A test server could not be installed, started or asked for a database."""
