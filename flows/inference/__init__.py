"""What counts imply: lags, usual rates, silences, sequential evidence. Pure mathematics on numbers and arrays."""
