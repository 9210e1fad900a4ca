"""Scripts that make models. Run them with `python -m train.<name> --help`."""
