"""What is seen in recordings, and whether their bytes are still the same."""
