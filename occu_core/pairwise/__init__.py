"""Two answers side by side: blind votes, who wins, and how much the votes can be trusted."""
