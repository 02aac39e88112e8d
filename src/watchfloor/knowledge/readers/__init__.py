"""One module a family of sources: records of its formats in, documents and edges out. They know of no database."""
