"""The compilers and interpreters of this machine, a module for each family."""
