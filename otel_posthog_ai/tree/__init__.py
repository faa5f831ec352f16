"""Whose ancestor, whose root, whose user. Knows no events and no delivery."""
