"""Scores tables of any size in flat memory: streamed in, written in parts, resumable."""
