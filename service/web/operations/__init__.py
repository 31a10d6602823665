"""The operators' page under /ops: what waits, who works, what failed and is tried again; no word of any comment."""
