"""The gate in front of Django: slow clients and crowds wait here, never in Django's threads."""
