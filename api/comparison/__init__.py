"""The 新旧対照表: two editions of an instrument side by side, as text, HTML and Word."""

from api.comparison.entries import Comparison, Entry, Side, compare
from api.comparison.html import as_html
from api.comparison.rows import Piece, Row, rows
from api.comparison.text import as_text
from api.comparison.word import write_docx

__all__ = ["Comparison", "Entry", "Piece", "Row", "Side", "as_html", "as_text", "compare", "rows", "write_docx"]
