"""The server's side of the agent link: who is speaking, what there is to do, orders out and results in."""
