"""The tables of an ordinance as Markdown, CSV, workbooks and Word documents, and edited workbooks back as rows."""
