"""The product: rooms, the people in them, and what they say."""
