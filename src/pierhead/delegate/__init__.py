"""The agent program: reaches registries from where the server cannot. It only ever calls out; no control-plane code."""
