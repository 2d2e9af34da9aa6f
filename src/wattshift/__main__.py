"""`python -m wattshift`."""

from wattshift.cli import main

if __name__ == "__main__":
    main()
