"""Storage: one schema on SQLite and PostgreSQL, opened only when what it says is durable is durable."""
