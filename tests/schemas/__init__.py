"""Tests of what is declared: models, tables, reasons."""
