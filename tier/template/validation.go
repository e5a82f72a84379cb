package template

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/openapi"
)

// validation collects what the gateway validates in the requests of an API: the
// models of bodies and the validators that methods name.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-validation-sample-api-swagger.html.
type validation struct {
	schemas    *openapi.Schemas
	validators object
}

func newValidation() *validation { return &validation{schemas: openapi.New()} }

// operation adds to the operation of a route what is validated before it.
func (v *validation) operation(op object, r *tier.Route) object {
	if !r.Validated() {
		return op
	}
	described := r.Operation()
	checks := openapi.ChecksOf(described)
	if checks.None() {
		return op
	}
	if i := indexOf(op, "parameters"); i >= 0 {
		op[i].value = require(op[i].value.(array), checks.Required)
	}
	if checks.Body {
		name := strings.ToLower(r.Pattern().Method) + " " + r.Pattern().Path()
		op = append(op, member{"requestBody", object{
			{"required", true},
			{"content", object{{"application/json", object{{"schema", tree(v.schemas.Body(name, described.Body))}}}}},
		}})
	}
	return append(op, member{"x-amazon-apigateway-request-validator", v.validator(len(checks.Required) > 0, checks.Body)})
}

// require makes parameters that the gateway looks for: those that the operation
// names already, and others. It looks at nothing else in them.
func require(params array, required []schema.Param) array {
	for _, p := range required {
		in := string(p.In)
		i := slices.IndexFunc(params, func(named any) bool {
			o := named.(object)
			return o[0].value == p.Name && o[1].value == in
		})
		if i >= 0 {
			params[i].(object)[2].value = true
			continue
		}
		params = append(params, object{
			{"name", p.Name}, {"in", in}, {"required", true}, {"schema", object{{"type", "string"}}},
		})
	}
	return params
}

// validator is the name of the validator that looks at these, declared once.
func (v *validation) validator(parameters, body bool) string {
	name := "parameters-and-body"
	switch {
	case !body:
		name = "parameters"
	case !parameters:
		name = "body"
	}
	if indexOf(v.validators, name) < 0 {
		v.validators = append(v.validators, member{name, object{
			{"validateRequestParameters", parameters}, {"validateRequestBody", body},
		}})
	}
	return name
}

// tree is a value of package openapi as one of the template.
func tree(v any) any {
	switch v := v.(type) {
	case openapi.Object:
		o := make(object, len(v))
		for i, m := range v {
			o[i] = member{m.Name, tree(m.Value)}
		}
		return o
	case openapi.Array:
		a := make(array, len(v))
		for i, item := range v {
			a[i] = tree(item)
		}
		return a
	}
	return v
}
