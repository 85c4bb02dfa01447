"""The looks: Tailwind's source and the built stylesheet, as django-tailwind expects them."""
