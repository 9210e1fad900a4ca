"""Instruction data made top down: occupation, responsibilities, topics, questions, answers."""
