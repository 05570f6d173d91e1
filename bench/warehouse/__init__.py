"""How long a municipality of many observations takes from the lake to its indicators."""
