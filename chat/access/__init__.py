"""Permissions: lookups that return only what a person may read or change; private things and missing ones look alike."""
