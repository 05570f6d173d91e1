"""The invented city Musterstadt: declarations, and a seeded generator for its deliveries."""
