"""One file per payload format; the registry in wire.registry names them all."""
