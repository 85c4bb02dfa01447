"""Names of people and rooms: which are allowed, which count as the same, and the slugs made from them."""
