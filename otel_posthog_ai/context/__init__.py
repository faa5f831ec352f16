"""For whom spans run: what the app said of user, session and properties, and how that travels."""
