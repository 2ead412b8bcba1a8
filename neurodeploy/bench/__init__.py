"""Methods compared in one table: every row trained for every seed, measured alike, resumable."""
