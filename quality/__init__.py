"""Judges: checks of deliveries and marks on numbers; polars frames in, polars frames out."""
