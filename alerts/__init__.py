"""From events to people: life cycle, routing, outbox, channels."""
