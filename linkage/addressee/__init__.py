"""団体内統合宛名: numbers every person once, maps the systems' 宛名番号, and keeps the Individual Number sealed."""
