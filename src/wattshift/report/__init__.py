"""What people and programs read: documents, words, tables, charts, pages."""
