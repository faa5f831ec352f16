"""What may leave and in which form: privacy, masks, credentials, media, strict JSON. Knows no record."""
