"""Log records that are calls: coding agents report in them what others report in spans."""
