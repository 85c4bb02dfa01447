"""Django forms, one module per subject, which validate what people submit before a verb runs."""
