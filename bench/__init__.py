"""Load tests and long proofs against a real Parlour server, run from other processes (Linux only)."""
