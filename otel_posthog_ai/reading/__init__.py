"""How a value, a message, a usage object or an error is read. Knows no dialect."""
