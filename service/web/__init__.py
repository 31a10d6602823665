"""HTTP: parse, call a use case, answer. No decision is taken here."""
