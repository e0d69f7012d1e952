"""One file per kind of tally, found by scanning this folder."""
