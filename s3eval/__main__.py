"""``python -m s3eval``."""

from s3eval.cli import main

if __name__ == "__main__":
    main()
