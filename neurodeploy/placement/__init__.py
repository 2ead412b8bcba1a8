"""Does a network fit a chip: cores, memories and widths against the limits of a hardware profile."""
