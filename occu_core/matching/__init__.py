"""From what people call a job to its occupations."""
