"""What a user would notice if it broke; one file per feature."""
