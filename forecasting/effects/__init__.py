"""Look back: what may have worked, said no stronger than it is."""
