"""Drafts a contract from a file: what stands in it, what it may mean, and every doubt in words."""
