"""Tests of the pure functions over frames."""
