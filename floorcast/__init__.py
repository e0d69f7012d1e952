"""The command line that starts, feeds, replays and checks the house."""
