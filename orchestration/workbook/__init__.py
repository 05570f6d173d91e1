"""The declarations of a municipality as one Excel workbook, and back."""
