"""HTTP/1.1 on blocking sockets: connections, heads and bodies. Knows neither registries nor credentials."""
