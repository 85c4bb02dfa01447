"""What people submit, validated before any verb runs, one file per noun."""
