"""The timeline of a body as text, as JSON and as a drawing (SVG)."""
