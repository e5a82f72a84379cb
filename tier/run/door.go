//go:build !lambda.norpc

package run

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// door is a front door that serve can imitate.
type door struct {
	name string
	is   string // "a REST API"
	// api makes the door of a whole API; nil where each function has its own,
	// which function makes.
	api      func(*tier.API) local.Door
	function func(*tier.Function) local.Door
	open     bool // it has no authorizers, and refuses to serve routes with one
}

// doors that the flag -door knows.
func doors() []door {
	return []door{
		{name: "rest", is: "a REST API", api: func(api *tier.API) local.Door {
			door := local.REST{BinaryMediaTypes: api.BinaryMediaTypes()}
			if !api.DeclaresStages() {
				door.Stage = tier.DefaultStage
			}
			return door
		}},
		{name: "http", is: "an HTTP API", api: func(*tier.API) local.Door { return local.HTTP{} }},
		{name: "url", is: "a function URL", function: functionURL},
		{name: "alb", is: "a load balancer", open: true, function: func(f *tier.Function) local.Door { return local.ALB{Function: f.Name()} }},
		{name: "alb-multi", is: "a load balancer with multi-value headers", open: true, function: func(f *tier.Function) local.Door {
			return local.ALB{Function: f.Name(), MultiValue: true}
		}},
	}
}

// functionURL is the URL of a function as it was declared; one that was not is
// imitated all the same, in the mode BUFFERED.
func functionURL(f *tier.Function) local.Door {
	url := f.URL()
	return local.URL{Function: f.Name(), Stream: url != nil && url.Stream}
}

// doorNamed is nil if there is no such door.
func doorNamed(name string) *door {
	for _, d := range doors() {
		if d.name == name {
			return &d
		}
	}
	return nil
}

// doorOf is the door of that name, or of the API's kind if there is no name.
func doorOf(api *tier.API, name string) *door {
	if name == "" {
		name = strings.ToLower(string(api.Kind()))
	}
	return doorNamed(name)
}

// doorNames is the list of names, for people.
func doorNames() string {
	var names []string
	for _, d := range doors() {
		names = append(names, d.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// gateways are the front doors of an API: one, or one for each of the functions.
// Its options are completed with the door.
func (d *door) gateways(api *tier.API, each []*tier.Function, opts local.Options) ([]server, error) {
	functions, err := functionsOf(slices.Concat(api.Functions(), api.AuthorizerFunctions()), opts.Log)
	if err != nil {
		return nil, err
	}
	one := func(door local.Door, f *tier.Function) (server, error) {
		o := opts
		o.Door = door
		gateway, err := local.NewGateway(api, func(name string) local.Function { return functions[name] }, &o)
		return server{api: api, function: f, door: d, gateway: gateway, handler: gateway}, err
	}
	if d.api != nil {
		s, err := one(d.api(api), nil)
		return []server{s}, err
	}
	var servers []server
	for _, f := range each {
		s, err := one(d.function(f), f)
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("all routes of API %s are mocks, so there is no function to serve behind %s; write -door rest", api.Name(), d.is)
	}
	return servers, nil
}

// serversOf are those of an API: behind the door of that name, or behind what it
// declares, its own kind and the URLs of its functions.
func serversOf(api *tier.API, name string, opts local.Options) ([]server, error) {
	servers, err := doorOf(api, name).gateways(api, api.Functions(), opts)
	if err != nil || name != "" {
		return servers, err
	}
	withURL := slices.DeleteFunc(api.Functions(), func(f *tier.Function) bool { return f.URL() == nil })
	if len(withURL) == 0 {
		return servers, nil
	}
	urls, err := doorNamed("url").gateways(api, withURL, opts)
	return append(servers, urls...), err
}

// functionsOf are functions behind the doorway of Lambda, by their names.
func functionsOf(all []*tier.Function, log *slog.Logger) (map[string]local.Function, error) {
	functions := map[string]local.Function{}
	for _, f := range all {
		invoked, err := local.FunctionOf(f, log)
		if err != nil {
			return nil, err
		}
		functions[f.Name()] = invoked
	}
	return functions, nil
}
