"""A result as one HTML page that needs nothing else: no script, no foreign host, every quote of every trade in it."""

from forward_factor.backtest.report.page import render_report

__all__ = ["render_report"]
