"""Which spans report one model call, and how they become one."""
