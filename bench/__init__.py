"""Benchmarks: each compares with a peer and ends with a verdict."""
