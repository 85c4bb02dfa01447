"""What an operator can do with manage.py."""
