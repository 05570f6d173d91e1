"""The assets: each a thin shell around one plain function."""
