"""The steps that made the registry what it is, one file a step; the models say what it is now."""
