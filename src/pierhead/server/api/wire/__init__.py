"""What bodies look like on the wire, and their way to and from control's values. No rule is decided here."""
