"""Formats in, normalised Events out, every record accounted for."""
