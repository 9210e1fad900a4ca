"""Where careers come from: tables, JSON and links."""
