"""What to do about it: facts in, incidents and pushes out."""
