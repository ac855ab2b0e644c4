"""Writes: each command is one transaction that checks, changes and records, or refuses."""
