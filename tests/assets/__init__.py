"""Tests of the assets, a file a stage."""
