"""Tables that are not ours, as events: each ``*.toml`` here declares one; ``mapping.py`` says what it may hold."""
