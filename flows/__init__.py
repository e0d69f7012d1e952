"""What it means: the event log in, facts with their evidence out."""
