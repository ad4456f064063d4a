"""The read side: what a release says and where it comes from. No Dagster, and nothing is changed.

Whatever shows a person's data writes the access log first (see `access`).
"""
