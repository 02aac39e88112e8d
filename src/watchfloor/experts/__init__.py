"""Experts: adapters on one frozen text backbone, models behind endpoints, and the council that asks them together."""
