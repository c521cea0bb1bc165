"""Programs that try to get out of a sandbox. Each works where there is none: `arriero bench sandbox` shows it first."""
