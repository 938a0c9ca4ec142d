"""Forward Factor: option chains in, forward-factor signals out, kept as a time series."""

__version__ = "0.1.0"
