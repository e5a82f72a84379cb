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


translator = Translator({}, Parser(), boto_session=Session())
print(json.dumps(translator.translate(template, {}), indent=2))
