"""Expands a SAM template as CloudFormation would, and prints the result."""

import json
import sys

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

with open(sys.argv[1], encoding="utf-8") as file:
    template = json.load(file)

# The translator takes code from S3 only; sam package would have put it there.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"


class Session:
    """Stands for a boto session: the translator asks it for the region only."""

    region_name = "eu-west-1"




def stages(resources):
    """The names of all stages, each by its API's kind of resource or its own."""
    return sorted(
        r["Properties"]["StageName"]
        for r in resources.values()
        if "StageName" in r.get("Properties", {})
    )


declared = stages(template["Resources"])
translator = Translator({}, Parser(), boto_session=Session())
expanded = translator.translate(template, {})
if stages(expanded["Resources"]) != declared:
    sys.exit(f"the stages {declared} are declared, the expanded template has {stages(expanded['Resources'])}")
print(json.dumps(expanded, indent=2))
