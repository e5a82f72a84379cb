package tier

import (
	"regexp"
	"slices"
	"sync"
)

// private is what [Private] declares.
type private struct {
	declared  bool
	endpoints []string
}

// Private makes a REST API one that is reached by interface endpoints for execute-api
// in private networks, and from nowhere else:
//
//	api := app.API("stock", tier.Private("vpce-0a1b2c3d4e5f60718"))
//
// Its resource policy refuses what comes by any other endpoint; statements of
// [API.ResourcePolicy] hold beside that. Without endpoints they are a parameter of the
// template. A change of the parameter alone does not reach the stage until it is
// deployed anew, so endpoints that are known are better named here.
//
// A private API has no custom domain names, and its functions no URLs.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html.
func Private(endpoints ...string) APIOption {
	return apiOption(func(api *API) {
		if api.private.declared {
			api.app.fail(api.at, "API %s: tier.Private twice; write one, with all endpoints", api.name)
			return
		}
		for i, id := range endpoints {
			switch {
			case !endpointSyntax().MatchString(id):
				api.app.fail(api.at, `API %s: endpoint %q; write the id of an interface endpoint: "vpce-0a1b2c3d4e5f60718"`, api.name, id)
			case slices.Contains(endpoints[:i], id):
				api.app.fail(api.at, "API %s: endpoint %s twice; write it once", api.name, id)
			}
		}
		api.private = private{true, slices.Clone(endpoints)}
		api.restFeatures = append(api.restFeatures, feature{at: api.at, what: privateEndpoints}) // the kind may follow
	})
}

const privateEndpoints = "private endpoints"

var endpointSyntax = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^vpce-[0-9a-f]{8,17}$`) })

// IsPrivate reports whether the API was declared with [Private], and the endpoints that
// were named; none for a parameter of the template.
func (api *API) IsPrivate() (endpoints []string, ok bool) {
	return slices.Clone(api.private.endpoints), api.private.declared
}

// checkPrivate finds what does not go together with a private API.
func (api *API) checkPrivate() []error {
	if !api.private.declared {
		return nil
	}
	var errs []error
	if api.kind != REST {
		errs = append(errs, feature{at: api.at, what: privateEndpoints}.lacking(api, api.kind))
	}
	for _, d := range api.domains {
		errs = append(errs, mistake(d.at, "API %s: domain %s: a private API is not reached by a public name; leave tier.Private or api.Domain out", api.name, d))
	}
	return errs
}
