"""What screens share: who is looking, live reading, the queue list, the case drawer, messages."""
