"""What documents for people say: gap report, papers of the court desk. `adapters/printing` sets them."""
