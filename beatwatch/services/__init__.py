"""Servers and programs that `beatwatch up` starts, watches and stops."""
