"""What reaches open pages: the delta, who is online, who is typing, and the signals between processes."""
