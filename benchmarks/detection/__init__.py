"""How well frauds are found on data that others designed, beside what their authors reach."""
