"""The backtest: the live engine's candidates, traded by stated rules. Pure and deterministic (docs/backtest.md)."""
