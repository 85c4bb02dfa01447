"""Permissions: lookups that return only what a person may read or change; private and missing things look alike."""
