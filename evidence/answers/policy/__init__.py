"""What a policy pack says, for whoever asks: people and machines, at every door."""
