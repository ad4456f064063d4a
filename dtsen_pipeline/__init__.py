"""DTSEN pipeline: from ministry snapshots and field verification to a verified dataset with lineage."""

__version__ = "0.1.0"
