"""What every long-running service does alike: keep going, beat, wait for its store, and stop when it is told to."""
