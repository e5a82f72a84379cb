"""Takes the OpenAPI documents out of templates and checks them: FOLDER TEMPLATE.json...

Each is written to FOLDER, for further validators."""

import json
import os
import sys

from openapi_spec_validator import validate


def plain(value):
    """A value with text in place of what CloudFormation puts in."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select"):
            return "filled in"
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return value


folder, *templates = sys.argv[1:]
found = 0
for template in templates:
    with open(template, encoding="utf-8") as file:
        resources = json.load(file)["Resources"]
    for name, resource in resources.items():
        body = resource.get("Properties", {}).get("DefinitionBody")
        if body is None:
            continue
        found += 1
        document = plain(body)
        # A greedy path variable is API Gateway's own; its parameter has no "+".
        document["paths"] = {path.replace("+}", "}"): item for path, item in document["paths"].items()}
        # Of a JWT authorizer AWS documents no flows, which OpenAPI wants.
        for scheme in document.get("components", {}).get("securitySchemes", {}).values():
            if scheme["type"] == "oauth2":
                scheme.setdefault("flows", {})
        try:
            validate(document)
        except Exception as error:
            sys.exit(f"{template}: {name}: {error}")
        made = f"{os.path.basename(template).removesuffix('.json')}-{name}.json"
        with open(os.path.join(folder, made), "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
if not found:
    sys.exit("no template has an OpenAPI document")
print(f"{found} OpenAPI documents")
