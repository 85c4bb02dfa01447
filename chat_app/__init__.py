"""The project: settings, the root of all addresses, and the ways a server starts Parlour."""
