"""The row rules that compare columns of one record, by subject; each is an expression true where a row breaks it.

Rules about one column alone are compiled from the models in `validate`; rules between rows stand in
`households` and `numbers`. Texts and severities are in `schemas.reasons`.
"""
