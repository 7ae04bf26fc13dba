"""What Byline decides. Pure: standard library only; no I/O, clock, randomness or async."""
