"""Maps to keep and share: the only importer of folium."""
