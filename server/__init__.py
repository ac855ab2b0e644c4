"""HTTP beside the screens: the gate before them, signing in, setting up, health, start and stop."""
