"""Networks of other frameworks as graphs; every import is proved against the framework it came from."""
