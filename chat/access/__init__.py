"""Who may read or change what: private things and missing ones get the same 404, so nobody can tell them apart."""
