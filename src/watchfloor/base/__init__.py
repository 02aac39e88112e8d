"""The vocabulary every floor shares: Events, Scenes, errors, settings. Knows nothing of formats or models."""
