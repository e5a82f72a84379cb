package service

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Spec says what a service is. It is comparable.
type Spec struct {
	Logical string // the name in the program: "billing"
	Method  string // of the requests that a narrowed service has; "" for all
	Path    string // their pattern, "/invoices/{id}"; "" for all
	Signed  bool   // requests are signed for an API of API Gateway
	Port    int    // where it listens
}

var _ datastore.Spec = Spec{}

// Kind is "service".
func (s Spec) Kind() string { return "service" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// Stage is the stage of the API that requests are signed for: the one that the
// template deploys.
const Stage = "live"

// Needs are the port, and for an API that takes signatures execute-api:Invoke on
// the routes that are called.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
func (s Spec) Needs(ops []string) []datastore.Need {
	if len(ops) == 0 {
		return nil
	}
	if !s.Signed {
		return []datastore.Need{{Service: "execute-api", Port: s.Port}}
	}
	method, path := "*", "/*"
	if s.Method != "" {
		method = s.Method
	}
	if s.Path != "" {
		path = wildcards(s.Path)
	}
	return []datastore.Need{{
		Service:  "execute-api",
		Actions:  []string{"Invoke"},
		Resource: "{name}/" + Stage + "/" + method + path,
		Port:     s.Port,
	}}
}

// wildcards is the pattern as IAM writes it.
func wildcards(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}
