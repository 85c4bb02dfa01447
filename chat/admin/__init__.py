"""Django's admin: every action uses the same model verbs as the product, so open pages see it at once."""
