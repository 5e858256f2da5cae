"""Impact assessments (特定個人情報保護評価, 番号法27条・28条): the register, the level required, steps, and their guard."""
