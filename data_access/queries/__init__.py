"""Reads: plain functions from a session and a scope to frozen rows. They change nothing."""
