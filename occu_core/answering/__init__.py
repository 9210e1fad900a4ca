"""Answers of models to questions of work: from models on this computer and from servers."""
