"""OccuQuest: instruction data by occupation, built, tagged, balanced and read."""
