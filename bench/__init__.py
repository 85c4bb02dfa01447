"""The bench: Parlour as it really runs, driven from other processes, and what that costs (for Linux)."""
