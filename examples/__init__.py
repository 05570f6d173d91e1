"""Example municipalities."""
