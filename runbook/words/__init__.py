"""How things are said: sentences, language, forms of values, templates."""
