"""One file per kind of finding; a check looks at a submission and decides nothing."""
