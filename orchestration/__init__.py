"""Ingest, wiring, schedules and command line of Wirkraum."""
