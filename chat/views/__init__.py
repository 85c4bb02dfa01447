"""Views, one module per noun; each checks access, validates a form, calls a verb and responds, in this order."""
