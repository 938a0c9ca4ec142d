"""``python -m forward_factor`` is the ``forward-factor`` command."""

from forward_factor.cli.main import main

if __name__ == "__main__":
    main()
