"""The facts: tables, queries, commands, imports. SQLite and PostgreSQL are equals."""
