package template

import "github.com/seed-18e8afb5/tierkit/tier"

// endpointsID is the logical id of the parameter with the endpoints of a private API.
func endpointsID(api *tier.API) string { return apiID(api) + "Endpoints" }

// endpointsOf are the interface endpoints by which a private API is reached: those that
// it names, or a parameter; nil for an API that is not private.
func endpointsOf(api *tier.API) any {
	named, ok := api.IsPrivate()
	switch {
	case !ok:
		return nil
	case len(named) > 0:
		return texts(named)
	}
	return ref(endpointsID(api))
}

// endpointType says how an API is reached, in the words of SAM and of CloudFormation,
// which name the list of endpoints differently.
func (s *stack) endpointType(api *tier.API) (typ string, forSAM, plain object) {
	endpoints := endpointsOf(api)
	if endpoints == nil {
		return "REGIONAL", object{{"Type", "REGIONAL"}}, object{{"Types", array{"REGIONAL"}}}
	}
	if _, named := endpoints.(array); !named {
		s.parameterOnce(parameter{endpointsID(api), "CommaDelimitedList",
			"The interface endpoints for execute-api by which the private API " + api.Name() + " is reached."}, api.At())
	}
	return "PRIVATE", object{{"Type", "PRIVATE"}, {"VPCEndpointIds", endpoints}}, object{{"Types", array{"PRIVATE"}}, {"VpcEndpointIds", endpoints}}
}

// fromEndpoints are the statements of a private API's resource policy that keep out
// what comes by other endpoints. AWS lets nobody in without a policy, so one that
// declares none lets in the others.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-create.html.
func fromEndpoints(api *tier.API) array {
	endpoints := endpointsOf(api)
	if endpoints == nil {
		return nil
	}
	whole := object{{"Principal", "*"}, {"Action", "execute-api:Invoke"}, {"Resource", array{"execute-api:/*"}}}
	var statements array
	if api.DeclaredResourcePolicy() == nil {
		statements = append(statements, append(object{{"Effect", "Allow"}}, whole...))
	}
	return append(statements, append(append(object{{"Effect", "Deny"}}, whole...),
		member{"Condition", object{{"StringNotEquals", object{{"aws:SourceVpce", endpoints}}}}}))
}
