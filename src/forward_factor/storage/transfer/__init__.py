"""The move: any store, the old bot's file included, into any other, proved row by row, and back."""
