"""From the card to the sealed original: what is announced, received and sealed."""
