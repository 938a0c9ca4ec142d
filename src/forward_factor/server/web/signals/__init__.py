"""The parts that the pages of signals are put together from."""
