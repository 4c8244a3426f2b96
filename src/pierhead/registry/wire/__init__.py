"""HTTP/1.1 on blocking sockets: connections, heads and bodies. Knows nothing of registries and gives nobody credentials."""
