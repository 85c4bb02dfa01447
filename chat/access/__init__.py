"""Who may read or change what: private and missing things get the same 404, so that they can't be told apart."""
