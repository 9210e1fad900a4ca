"""What moves a prediction, how sure it is, and where it leads."""
