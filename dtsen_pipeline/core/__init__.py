"""How tables become other tables: pure functions. No Dagster, SQLAlchemy, Great Expectations, file access or clock."""
