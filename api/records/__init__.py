"""Resources that are records: listed, added, changed and moved along their life cycle, all in the same way."""
