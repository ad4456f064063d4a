"""Figures that can be made again: the compute of the flow against a fair pandas script."""
