"""A YAML file as LLaMA-Factory reads it, as one JSON line. The argument is the file."""

import json
import sys

from omegaconf import OmegaConf

print(json.dumps(OmegaConf.to_container(OmegaConf.load(sys.argv[1]), resolve=True)))
