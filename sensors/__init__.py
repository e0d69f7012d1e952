"""What the floor says: devices and tills in, one durable event log out."""
