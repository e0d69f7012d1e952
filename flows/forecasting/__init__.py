"""Demand forecasts learned online: pure models, their intervals, their governance. No IO, no clock."""
