package template

import (
	"bytes"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// resourcePolicy is the resource policy of an API.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html.
func resourcePolicy(api *tier.API) object {
	p := api.DeclaredResourcePolicy()
	var statements array
	for _, s := range p.Statements {
		var principal any = "*"
		if !s.Everybody() {
			principal = object{{"AWS", texts(s.Principals)}}
		}
		var resources []string
		for _, stage := range api.DeployedStages() {
			resources = append(resources, s.Resources(stage.Name)...)
		}
		statements = append(statements, append(object{
			{"Effect", string(s.Effect)},
			{"Principal", principal},
			{"Action", "execute-api:Invoke"},
			{"Resource", texts(resources)},
		}, condition(s.Conditions)...))
	}
	return document(statements...)
}

// checkResourcePolicy finds what AWS would refuse: unknown operators, values of
// the wrong kind, principals that are none.
func checkResourcePolicy(api *tier.API) error {
	p := api.DeclaredResourcePolicy()
	if p == nil {
		return nil
	}
	var text bytes.Buffer
	appendJSON(&text, resourcePolicy(api), "")
	if _, err := evaluate.ParseResource("of API "+api.Name(), text.Bytes()); err != nil {
		return &datastore.DeclarationError{At: p.At, Message: "API " + api.Name() + ": its resource policy: " + err.Error()}
	}
	return nil
}
