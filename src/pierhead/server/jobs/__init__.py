"""What the server does on its own: the platform delegate that takes tasks in this process, and the sweeper."""
