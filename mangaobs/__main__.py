"""`python -m mangaobs`."""

from mangaobs.cli import main

if __name__ == "__main__":
    main()
