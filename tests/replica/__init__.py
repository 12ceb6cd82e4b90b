"""Stand-ins for the services that the real clients call, on this machine."""
