"""One module per format. The table of them is `watchfloor.intake.registry`."""
