"""Two invented companies in EDGAR's formats, one of them a bank: nothing in here is about a real one."""
