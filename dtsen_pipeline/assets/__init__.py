"""When, and from what: thin Dagster assets and checks, one file a stage. What happens to rows stands in `core`."""
