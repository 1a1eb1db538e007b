"""Real servers for tests: started from the distribution's programs, in a folder, on ports of their own."""
