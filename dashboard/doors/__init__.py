"""Who may open which screen: people who log in, and walls that hold a token."""
