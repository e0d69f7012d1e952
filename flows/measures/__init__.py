"""One file per measure, found by scanning this folder."""
