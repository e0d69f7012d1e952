"""What was left out of a damaged log, told: the first flaws in full, the rest counted."""

import typer

MOST = 10


class Flaws:
    """Says flaws on stderr as they are met; after ``MOST`` of them it only counts, and tells the number at the end."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self, flaw: str) -> None:
        """One more flaw."""
        self.told += 1
        if self.told <= MOST:
            typer.echo(f"floorcast: {flaw}", err=True)

    def close(self) -> None:
        """How many more there were."""
        if self.told > MOST:
            typer.echo(f"floorcast: … and {self.told - MOST:,} more, left out as well", err=True)
