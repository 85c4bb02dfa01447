"""What tests share: pages, readers, browsers and threads."""
