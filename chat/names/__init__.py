"""Names of people and rooms: when two are the same, what is allowed, and slugs made of them."""
