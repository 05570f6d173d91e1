"""Says in words and as a picture what a look ahead stands on."""
