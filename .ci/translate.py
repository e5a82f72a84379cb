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
expanded = translator.translate(template, {})
stages = [
    r["Properties"].get("StageName")
    for r in expanded["Resources"].values()
    if r["Type"] in ("AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment")
    and "StageName" in r["Properties"]
]
apis = [r for r in expanded["Resources"].values() if r["Type"] == "AWS::ApiGateway::RestApi"]
if stages != ["live"] * len(apis):
    sys.exit(f"each API must have the one stage live, the expanded template has {stages}")
print(json.dumps(expanded, indent=2))
