"""Expands SAM templates as CloudFormation would: FILE.json into FILE-expanded.json."""

import json
import sys

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator


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


def expand(path):
    with open(path, encoding="utf-8") as file:
        template = json.load(file)
    # The translator takes code from S3 only; sam package would have put it there.
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"
    declared = stages(template["Resources"])
    expanded = Translator({}, Parser(), boto_session=Session()).translate(template, {})
    if stages(expanded["Resources"]) != declared:
        sys.exit(f"{path}: the stages {declared} are declared, the expanded template has {stages(expanded['Resources'])}")
    with open(path.removesuffix(".json") + "-expanded.json", "w", encoding="utf-8") as file:
        json.dump(expanded, file, indent=2)


for path in sys.argv[1:]:
    expand(path)
