"""Django's admin: every act goes through the same model verbs as the product, so open pages see it at once."""
