"""The parts of a simulated shop day; ``sensors.simulate`` puts them together. Pure and seeded."""
