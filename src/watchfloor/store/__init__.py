"""What is kept: events on their way (spool) and model packs by sha256. Knows nothing of formats or films."""
