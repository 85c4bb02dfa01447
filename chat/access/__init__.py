"""Who may read or change what: lookups go through what the person may see, so "not yours" and "none" are alike."""
