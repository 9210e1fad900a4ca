"""Careers, occupations and the models that predict what comes next."""
