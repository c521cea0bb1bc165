"""Code generation. Built so far: the sandbox, in which every line that is shown will be run, and the security scan."""
