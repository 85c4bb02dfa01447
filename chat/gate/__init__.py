"""The gate in front of Django: slow clients and held polls wait here, never in Django's threads."""
