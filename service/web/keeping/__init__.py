"""The JSON calls of those who keep rules, blocks and the audit; the desk's pages use the same use cases."""
