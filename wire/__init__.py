"""What travels over MQTT and in files: bytes in, readings out, and back. Pure."""
