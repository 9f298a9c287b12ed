"""REST, live stream, console and maps over what is stored."""
