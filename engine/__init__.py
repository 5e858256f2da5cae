"""Rule set + request + facts → decision. Pure: no I/O, no clock, no framework."""
