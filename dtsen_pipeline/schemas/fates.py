"""The fates of rows, by name; quick to import. How a row comes to one stands in `core`, what it means in `reasons`."""

FATES = (
    "base",
    "contributed",
    "superseded",
    "no_values",
    "duplicate",
    "rejected",
    "held",
    "out_of_scope",
)
NEWER_VERSION = "S_NEWER_VERSION"
"""The reason of superseded rows of a submission that was edited since."""
