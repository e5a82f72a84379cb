//go:build !lambda.norpc

package run

import (
	"log/slog"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/lambda"
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
	function func(name string) local.Door
}

// doors that the flag -door knows.
func doors() []door {
	return []door{
		{name: "rest", is: "a REST API", api: func(api *tier.API) local.Door {
			return local.REST{Stage: tier.Stage, BinaryMediaTypes: api.BinaryMediaTypes()}
		}},
		{name: "http", is: "an HTTP API", api: func(*tier.API) local.Door { return local.HTTP{} }},
		{name: "url", is: "a function URL", function: func(f string) local.Door { return local.URL{Function: f} }},
		{name: "alb", is: "a load balancer", function: func(f string) local.Door { return local.ALB{Function: f} }},
		{name: "alb-multi", is: "a load balancer with multi-value headers", function: func(f string) local.Door {
			return local.ALB{Function: f, MultiValue: true}
		}},
	}
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

// doorNames is the list of names, for people.
func doorNames() string {
	var names []string
	for _, d := range doors() {
		names = append(names, d.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// gateways are the front doors of an API: one, or one for each function.
func (d *door) gateways(api *tier.API, log *slog.Logger) ([]server, error) {
	functions, err := functionsOf(api.Functions(), log)
	if err != nil {
		return nil, err
	}
	one := func(door local.Door, f *tier.Function) (server, error) {
		gateway, err := local.NewGateway(api, func(name string) local.Function { return functions[name] },
			&local.Options{Door: door, Log: log})
		return server{api: api, function: f, gateway: gateway}, err
	}
	if d.api != nil {
		s, err := one(d.api(api), nil)
		return []server{s}, err
	}
	var servers []server
	for _, f := range api.Functions() {
		s, err := one(d.function(f.Name()), f)
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// functionsOf are functions behind the doorway of Lambda, by their names.
func functionsOf(all []*tier.Function, log *slog.Logger) (map[string]local.Function, error) {
	functions := map[string]local.Function{}
	for _, f := range all {
		h, opts, err := serving(f)
		if err != nil {
			return nil, err
		}
		opts.Logger = log
		doorway := lambda.New(h, opts)
		functions[f.Name()] = local.Function{Name: f.Name(), Timeout: f.Timeout(), Memory: f.Memory(), Invoke: doorway.Invoke}
	}
	return functions, nil
}
