"""How well models predict real careers."""
