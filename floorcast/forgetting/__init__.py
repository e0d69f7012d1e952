"""Deleting a member's or a store's data, one module for each place it is kept in."""
