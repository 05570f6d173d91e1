"""From a delivered file, by contract, to tidy observations in the lake — and nothing lost."""
