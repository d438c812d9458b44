"""What unit 11 builds: search by words and by meaning, and answers with citations on top of it."""
