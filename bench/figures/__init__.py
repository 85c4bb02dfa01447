"""The figures, one module for each thing that is measured; each gives rows of the table."""
