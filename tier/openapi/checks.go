package openapi

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Checks are what API Gateway can check of a request before it invokes the
// function, so that it refuses nothing that the function would take.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html.
type Checks struct {
	// Required are the query and header parameters that must be there and must
	// not be empty, in the order of the operation.
	Required []schema.Param
	// Body reports whether a body is held to its model. An optional body is not:
	// to API Gateway, no body breaks a model.
	Body bool
}

// ChecksOf an operation.
func ChecksOf(op *schema.Operation) Checks {
	var c Checks
	for _, p := range op.Params {
		if (p.In == schema.InQuery || p.In == schema.InHeader && declarable(p.Name)) && demandedParam(&p) {
			c.Required = append(c.Required, p)
		}
	}
	if b := op.Body; b != nil && b.Type != nil {
		c.Body = b.Required || !admitsZero(b.Type, split(b.Rules))
	}
	return c
}

// None reports whether there is nothing to check.
func (c Checks) None() bool { return len(c.Required) == 0 && !c.Body }

// demandedParam reports whether the function refuses a request in which the
// parameter is absent, and one in which it is empty.
func demandedParam(p *schema.Param) bool {
	if p.Type == nil || p.List || p.Default != nil || admitsZero(p.Type, split(p.Rules)) {
		return false
	}
	switch p.Type.Value().Kind {
	case schema.Bool, schema.Int, schema.Uint, schema.Float, schema.Time:
		return true // an empty text is none of these
	case schema.String:
		return p.Type.Kind == schema.String // a pointer to "" can be valid
	}
	return false
}

// declarable reports whether a document can declare a header: these have
// meanings of their own.
// See https://spec.openapis.org/oas/v3.0.1#parameter-object.
func declarable(header string) bool {
	return !slices.Contains([]string{"Accept", "Authorization", "Content-Type"}, header)
}
