"""What counts imply: lags, usual rates, silences, evidence of a fall. Pure mathematics on numbers and arrays."""
