"""The synthetic city is plausible, repeatable, and damaged exactly where it says."""
