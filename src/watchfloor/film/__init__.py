"""Endpoint behaviour as film: Events become frames, frames clips, clips a verdict with its evidence."""
