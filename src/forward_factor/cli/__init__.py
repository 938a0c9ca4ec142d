"""The command line: results on stdout, logs and progress on stderr. Exit 0 done, 1 failed, 2 usage, 3 partial."""
