"""Cases, random networks and damage that every target must pass; installed, so that third-party targets run them too."""
