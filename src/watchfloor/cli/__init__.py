"""Words in, words and exit codes out. The only place that decides to exit."""
