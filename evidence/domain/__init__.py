"""What we mean: the nouns of the trade as values and pure rules. No clock, no disc, no network."""
