"""Looking back in a city: programmes beside their indicators, and the words on each."""
