"""What to do about a forecast: tills, staff, orders, transfers. Pure arithmetic with its working shown."""
