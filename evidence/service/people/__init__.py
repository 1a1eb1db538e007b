"""People and units: the roll, who joins, who leaves, who may what."""
