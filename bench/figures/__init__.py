"""The measurements, one module each; each yields rows of the table."""
