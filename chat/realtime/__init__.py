"""What open pages receive: changes of the log, who is online, who is typing; and the signals between processes."""
