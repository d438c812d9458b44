"""What each word after `fasttrack` does: one module a command, its function `command`; the work is done elsewhere."""
