package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// document is an IAM policy with one statement.
type document struct {
	Version   string
	Statement [1]statement
}

type statement struct {
	Effect   string
	Action   string
	Resource []string
}

// maxResource is how long a resource of an authorizer's policy can be.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const maxResource = 512

// policyOf is the policy of a verdict about arn.
func policyOf(arn string, v *handler.Verdict, cached bool) (json.RawMessage, error) {
	s := statement{Effect: "Deny", Action: "execute-api:Invoke"}
	if v.Allow {
		s.Effect = "Allow"
	}
	api, stage, method, _ := cutARN(arn)
	if !strings.HasPrefix(api, "arn:") || stage == "" || method == "" {
		return nil, fmt.Errorf("the event's ARN %q is not that of a route", arn)
	}
	switch {
	case len(v.Routes) > 0 && !v.Allow:
		return nil, errors.New("verdict: Routes name what is allowed, and Allow is not set")
	case len(v.Routes) > 0:
		for _, route := range v.Routes {
			resource, err := routeARN(api+"/"+stage, route)
			if err != nil {
				return nil, err
			}
			s.Resource = append(s.Resource, resource)
		}
	case cached:
		s.Resource = []string{literal(api+"/"+stage) + "/*"}
	default:
		s.Resource = []string{onlyThis(arn)}
	}
	return json.Marshal(document{"2012-10-17", [1]statement{s}})
}

// handshake is the route of a WebSocket API about which an authorizer is asked.
const handshake = "$connect"

// routeARN is the ARN of "GET /orders/*" in a stage, or that of a handshake.
func routeARN(stage, route string) (string, error) {
	if route == handshake {
		return literal(stage) + "/" + handshake, nil
	}
	method, path, ok := strings.Cut(route, " ")
	if !ok || method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ*?") != "" || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "{} ") {
		return "", fmt.Errorf(`verdict: route %q; write a method, a space and a path, with * for any text: "GET /orders/*"`, route)
	}
	arn := literal(stage) + "/" + method + path
	if len(arn) > maxResource {
		return "", fmt.Errorf("verdict: route %q: its ARN has %d bytes; API Gateway takes %d", route, len(arn), maxResource)
	}
	return arn, nil
}

// onlyThis is the resource that is the ARN of one request. One that is too long
// for a policy is cut: without a cache nothing but that request is ever held
// against it.
func onlyThis(arn string) string {
	if len(arn) > maxResource {
		arn = arn[:maxResource-1] + "*"
	}
	return literal(arn)
}

// literal keeps what a client put into its path, or the stage $default, from
// being read as a policy variable.
func literal(arn string) string { return strings.ReplaceAll(arn, "${", "?{") }
