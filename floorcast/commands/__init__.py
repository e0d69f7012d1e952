"""One command a file, discovered: ``register(app)`` adds it. Imports that cost time stay inside the command."""
