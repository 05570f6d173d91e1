"""What a municipality may write: a model per kind of file, checked as a whole."""

from orchestration.declarations.tree import DeclarationError, Declarations, read_declarations

__all__ = ["DeclarationError", "Declarations", "read_declarations"]
