"""The moderators' desk: pages made here, with as little script as keys need; the use cases are those of the API."""
