"""``watchfloor lake``: events kept for weeks in a folder of Parquet, and questions asked of them."""

from types import ModuleType

from watchfloor.cli import lake_add, lake_compact, lake_forget, lake_query, lake_show

NAME = "lake"
SUMMARY = "keep events for weeks and query them"
DESCRIPTION = """Keep events in a folder of Parquet files, one part a UTC day, and ask questions of them in SQL.
What was read once is not kept twice; nothing half written is ever seen.

examples:
  watchfloor lake add logs/ --lake history
  watchfloor lake show --lake history
  watchfloor lake query 'SELECT action, count(*) FROM events GROUP BY ALL ORDER BY ALL' --lake history
  watchfloor lake compact --lake history
  watchfloor lake forget --before 2026-01-01 --lake history"""

COMMANDS: tuple[ModuleType, ...] = (lake_add, lake_show, lake_query, lake_compact, lake_forget)
