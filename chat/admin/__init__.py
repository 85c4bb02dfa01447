"""Django's admin: its actions call the same model verbs as the product, so open pages see the changes at once."""
