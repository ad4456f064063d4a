"""What a table is. Every column is declared once, here; nothing in this room opens a file or moves a row."""
