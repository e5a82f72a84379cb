package handlertest

import (
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

const latticeARN = "arn:aws:vpc-lattice:eu-west-1:123456789012:"

// LatticeEvent is req as a VPC Lattice target group with event structure
// version V2 delivers it: lists of values, the query also behind the path, the
// time in microseconds. A caller that signed with SigV4 is told by its ARN.
//
// See https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
func LatticeEvent(req *handler.Request) []byte {
	p := partsOf(req)
	identity := object{"sourceVpcArn": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0123456789abcdef0"}
	if c := p.caller; c.Kind == handler.CallerIAM {
		identity["type"], identity["principal"] = "AWS_IAM", c.ARN
		if i := strings.LastIndexByte(c.ARN, '/'); i >= 0 && strings.Contains(c.ARN, ":assumed-role/") {
			identity["sessionName"] = c.ARN[i+1:]
		}
	}
	body, isBase64 := p.text(knownText)
	return must(object{
		"version": "2.0", "path": p.target(), "method": p.req.Method(),
		"headers": p.lowerMulti(), "queryStringParameters": orEmpty(p.query()),
		"body": body, "isBase64Encoded": isBase64,
		"requestContext": object{
			"serviceNetworkArn": latticeARN + "servicenetwork/sn-0123456789abcdef0",
			"serviceArn":        latticeARN + "service/svc-0123456789abcdef0",
			"targetGroupArn":    latticeARN + "targetgroup/tg-0123456789abcdef0",
			"identity":          identity, "region": "eu-west-1", "timeEpoch": p.micros(),
		},
	})
}

// LatticeV1Event is req as a VPC Lattice target group with event structure
// version V1 delivers it: the values of a header in one text, the last value of
// a query parameter, and no caller.
//
// See https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
func LatticeV1Event(req *handler.Request) []byte {
	p := partsOf(req)
	body, isBase64 := p.text(knownText)
	return must(object{
		"raw_path": p.target(), "method": p.req.Method(),
		"headers":                 p.lowerJoined(func(values []string) string { return strings.Join(values, ", ") }),
		"query_string_parameters": orEmpty(mapped(p.query(), last)),
		"body":                    body, "is_base64_encoded": isBase64,
	})
}

// target is the path with the query as sent.
func (p *parts) target() string {
	if query := p.req.RawQuery(); query != "" {
		return p.req.Path() + "?" + query
	}
	return p.req.Path()
}

// micros is the time as VPC Lattice writes it.
func (p *parts) micros() string { return strconv.FormatInt(p.facts.Time.UnixMicro(), 10) }
