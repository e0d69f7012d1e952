"""What is final, kept as files: closed quarter-hours and days, incidents and the ledger, as Parquet by store and day.

``<history_dir>/<table>/store=<id>/day=<business day>.parquet``. A file is written whole beside its name and moved
there; a revision after final rewrites its file with the older row kept, so that every past answer can be asked for
again (``as_of``).
"""
