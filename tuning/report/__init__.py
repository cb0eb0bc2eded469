"""Files of a search for people, spreadsheets and TensorBoard."""
