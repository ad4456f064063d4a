"""Reference data: what the files say and what their readers refuse."""
