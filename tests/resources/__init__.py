"""Tests of the resources, on real files."""
