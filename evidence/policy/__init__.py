"""What the law says, as data: one instrument per pack, every rule with the article that makes it."""
