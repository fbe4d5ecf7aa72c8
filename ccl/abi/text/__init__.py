"""Values and names as people write them: JSON, times, encodings, suggestions."""
