"""The page on a colleague's phone: what to do now, and saying that one does it."""
