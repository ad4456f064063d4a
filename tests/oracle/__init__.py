"""An independent judge of a release: plain Python over raw bytes, sharing no code with the core.

It reads the delivered files anew, ties rows to families and persons, merges and scores them by the written
rules, and compares every published cell. Only the schema's declarations and the reference files are shared.
How a run is made stands in `city`, which alone knows the pipeline.
"""
