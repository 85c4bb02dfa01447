"""Django forms, one module per subject. They validate what people submit, before a model method is called."""
