"""Hands numbers out: disclosure control, release tables, the site and the published warehouse."""
