"""Load: many real connections, each a plain MQTT 3.1.1 client that costs little, so that what is measured is the system."""
