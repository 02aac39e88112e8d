"""Slow thinking: the investigator, its tools, planners, evidence and report."""
