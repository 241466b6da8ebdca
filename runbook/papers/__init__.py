"""What a person takes away: call sheet, letter, licence sheet, checklist, pictures."""
