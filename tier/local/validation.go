package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/openapi"
)

// validation is the request validator of a method: required parameters, then the
// body against its model.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html.
type validation struct {
	required []parameter
	model    *jsonschema.Schema // nil if the body is not looked at
}

// parameter of a request, by the key under which API Gateway maps it.
type parameter struct {
	key  string // "method.request.querystring.limit"
	name string
	in   schema.Source
}

// newValidation is the validator of a route, nil if it has none.
func newValidation(route *tier.Route) (*validation, error) {
	if !route.Validated() {
		return nil, nil
	}
	op := route.Operation()
	checks := openapi.ChecksOf(op)
	if checks.None() {
		return nil, nil
	}
	v := &validation{}
	for _, p := range checks.Required {
		place := "querystring"
		if p.In == schema.InHeader {
			place = "header"
		}
		v.required = append(v.required, parameter{"method.request." + place + "." + p.Name, p.Name, p.In})
	}
	slices.SortFunc(v.required, func(a, b parameter) int { return strings.Compare(a.key, b.key) })
	if !checks.Body {
		return v, nil
	}
	var err error
	v.model, err = compileModel(op.Body)
	return v, err
}

// compileModel makes a validator of the model that the template declares.
func compileModel(body *schema.Body) (*jsonschema.Schema, error) {
	schemas := openapi.New()
	root := schemas.Body("body", body)
	ref, _ := root[0].Value.(string)
	text, err := json.Marshal(openapi.Object{{Name: "components", Value: openapi.Object{
		{Name: "schemas", Value: schemas.Components(openapi.Import)}}}})
	if err != nil {
		return nil, fmt.Errorf("model of the body: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("model of the body: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	const at = "model:///api.json" // never loaded: the document is given
	if err := c.AddResource(at, doc); err != nil {
		return nil, fmt.Errorf("model of the body: %w", err)
	}
	model, err := c.Compile(at + ref)
	if err != nil {
		return nil, fmt.Errorf("model of the body: %w", err)
	}
	return model, nil
}

// restInvalidBody is BAD_REQUEST_BODY.
var restInvalidBody = refusal{http.StatusBadRequest, jsonType, `{"message": "Invalid request body"}`, "BadRequestException"}

// missingParameters is BAD_REQUEST_PARAMETERS.
func missingParameters(names []string) *refusal {
	body := append([]byte(`{"message": `), appendString(nil, "Missing required request parameters: ["+strings.Join(names, ", ")+"]")...)
	return &refusal{http.StatusBadRequest, jsonType, string(append(body, '}')), "BadRequestException"}
}

func (v *validation) pass(x *exchange) *answer {
	if missing := v.missing(x); len(missing) > 0 {
		x.breaks(fmt.Errorf("missing parameters: %s", strings.Join(missing, ", ")))
		x.note("validator", "required parameters are missing or empty: %s", strings.Join(missing, ", "))
		return missingParameters(missing).answer(x.id)
	}
	switch {
	case v.model == nil:
		x.note("validator", "all %d required parameters are there", len(v.required))
		return nil
	case !modelFits(x.Header.Get("Content-Type")):
		x.note("validator", "the content type has no model, so the body is not looked at")
		return nil
	}
	if err := v.checkBody(x.body); err != nil {
		x.breaks(err)
		x.note("validator", "%v", err)
		return restInvalidBody.answer(x.id)
	}
	x.note("validator", "all %d required parameters are there and the body fits its model", len(v.required))
	return nil
}

// breaks notes why the validator refuses x, for the log and for gateway responses.
// AWS has other words.
func (x *exchange) breaks(err error) {
	x.err = fmt.Errorf("request validation: %w", err)
	text := appendString(nil, "["+err.Error()+"]")
	x.invalid = string(text[1 : len(text)-1])
}

// missing are the names of the required parameters that are absent or empty: of
// headers before those of the query, each sorted.
func (v *validation) missing(x *exchange) []string {
	var names []string
	var query []field
	if len(v.required) > 0 && x.URL.RawQuery != "" {
		var buf [16]field
		query = queryFields(buf[:0], x.URL.RawQuery, "&;", unescapeQuery)
	}
	for _, p := range v.required {
		values := x.Header.Values(p.name)
		if p.in == schema.InQuery {
			values = nil
			if i, ok := find(query, p.name); ok {
				values = query[i].values
			}
		}
		if blank(values) {
			names = append(names, p.name)
		}
	}
	return names
}

// blank reports whether a parameter counts as missing: an empty one does. Of
// several values the last counts, as in the event; that is not documented.
func blank(values []string) bool { return len(values) == 0 || values[len(values)-1] == "" }

// modelFits reports whether a body of that content type is held to the model for
// application/json, which is also meant where there is none. That parameters
// such as a charset do not matter is not documented.
func modelFits(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.TrimSpace(kind)
	return kind == "" || strings.EqualFold(kind, jsonType)
}

// The most of a number in a body: more than any type takes. The validator counts
// with exact fractions, which 1e99999999 would fill the memory with.
const (
	maxDigits   = 400
	maxExponent = 400
)

// bounded reports whether all numbers of a decoded body are within these.
func bounded(value any) bool {
	switch v := value.(type) {
	case json.Number:
		digits, exponent, _ := strings.Cut(strings.ToLower(v.String()), "e")
		if exponent == "" {
			exponent = "0"
		}
		n, err := strconv.Atoi(exponent)
		return err == nil && n >= -maxExponent && n <= maxExponent && len(digits) <= maxDigits
	case []any:
		for _, item := range v {
			if !bounded(item) {
				return false
			}
		}
	case map[string]any:
		for _, member := range v {
			if !bounded(member) {
				return false
			}
		}
	}
	return true
}

// checkBody says where a body breaks the model, without its values.
func (v *validation) checkBody(body []byte) error {
	if len(body) == 0 {
		return errors.New("body: there is none")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return errors.New("body: not JSON")
	}
	if !bounded(value) {
		return errors.New("body: a number with more digits or a larger exponent than any reader takes")
	}
	err = v.model.Validate(value)
	if err == nil {
		return nil
	}
	var broken *jsonschema.ValidationError
	if !errors.As(err, &broken) {
		return errors.New("body: breaks its model")
	}
	for len(broken.Causes) > 0 {
		broken = broken.Causes[0]
	}
	place := strings.Join(append([]string{"body"}, broken.InstanceLocation...), ".")
	return fmt.Errorf("%s: breaks %q of its model", place, strings.Join(broken.ErrorKind.KeywordPath(), "/"))
}
