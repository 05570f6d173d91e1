"""Scenarios: from declarations and the look ahead to figures, and to one page in words."""
