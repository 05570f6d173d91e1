"""Looks back and ahead: polars frames in, polars frames out; knows no files."""
