"""Fuzzing: what came of thousands of broken deliveries, counted by kind of damage."""
