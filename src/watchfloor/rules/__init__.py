"""Known threats: Sigma rules compiled once and matched over whole tables of Events. Knows nothing of film."""
