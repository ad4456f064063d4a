"""Small situations in which each reason code is given, brought about on the real path; no test stands here."""
