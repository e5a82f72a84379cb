package template

import (
	"bytes"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// declaredStatements are those of the resource policy that an API declares, none
// without one.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html.
func declaredStatements(api *tier.API) array {
	p := api.DeclaredResourcePolicy()
	if p == nil {
		return nil
	}
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
	return statements
}

// checkResourcePolicy finds what AWS would refuse: unknown operators, values of
// the wrong kind, principals that are none.
func checkResourcePolicy(api *tier.API) error {
	p := api.DeclaredResourcePolicy()
	if p == nil {
		return nil
	}
	var text bytes.Buffer
	appendJSON(&text, document(declaredStatements(api)...), "")
	if _, err := evaluate.ParseResource("of API "+api.Name(), text.Bytes()); err != nil {
		return &datastore.DeclarationError{At: p.At, Message: "API " + api.Name() + ": its resource policy: " + err.Error()}
	}
	return nil
}
