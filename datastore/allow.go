package datastore

import (
	"fmt"
	"slices"
	"strings"
)

// Allow lets the function fn do actions to the store s that no capability stands
// for, by the client of the service that the store's driver gives out:
//
//	orders := table.New[Order](data, "orders")
//	datastore.Allow(api, orders, "dynamodb:DescribeTable")
//	client, name, err := dynamotable.Client(data, orders) // in a request
//
// An action is written as in IAM, without wildcards, and is one of the service
// that keeps the store. The policy allows it on the resources of this store alone:
// for objects, under the prefix of the store if it has one. It says nothing of what
// is in a request, so that neither rows of a caller nor fields are kept apart.
// Nothing but AWS checks it.
//
// Mistakes are declaration errors: Allow panics with a [*DeclarationError], as
// [Use] does.
func Allow(fn Function, s Store, actions ...string) {
	at := Caller()
	if isNil(fn) || isNil(s) {
		refuse(at, "datastore.Allow: the function or the store is nil")
	}
	g := &Grant{Function: fn.FunctionName(), Spec: s.Spec(), At: at, Allowed: slices.Clone(actions)}
	needs, err := allowedOn(s, actions)
	if err != nil {
		refuse(at, "datastore.Allow: "+g.Spec.Kind()+" "+g.Spec.Name()+": "+err.Error())
	}
	g.needs = needs
	fn.AddGrant(g)
}

// allowedOn are the needs of actions on the resources that the store's own
// operations need.
func allowedOn(s Store, actions []string) ([]Need, error) {
	var ops []string
	for _, c := range s.Capabilities() {
		ops = append(ops, c.Op)
	}
	resources, services := resourcesOf(s.Spec().Needs(ops))
	if len(services) == 0 {
		return nil, fmt.Errorf("no action of the function's own role is about it; allow it on the store that is not narrowed to callers or tenants, if there is one")
	}
	if len(actions) == 0 {
		return nil, fmt.Errorf("name an action, such as %q", services[0]+":Describe…")
	}
	byService := map[string][]string{}
	for _, action := range actions {
		service, name, _ := strings.Cut(action, ":")
		switch {
		case !slices.Contains(services, service):
			return nil, fmt.Errorf("action %q is none of its service; write %s:ACTION", action, strings.Join(services, ":ACTION or "))
		case name == "" || strings.ContainsFunc(name, notInAction):
			return nil, fmt.Errorf("action %q: write one action, in letters, without wildcards", action)
		}
		byService[service] = append(byService[service], name)
	}
	var needs []Need
	for _, r := range resources {
		if names := byService[r.Service]; names != nil {
			slices.Sort(names)
			r.Actions = slices.Compact(names)
			needs = append(needs, r)
		}
	}
	return needs, nil
}

// resourcesOf are what needs are about, each once and without actions. What has no
// narrower form than everything is no resource of the store.
func resourcesOf(needs []Need) (resources []Need, services []string) {
	for _, n := range needs {
		r := Need{Service: n.Service, Resource: n.Resource}
		if len(n.Actions) == 0 || n.Resource == "*" || n.Owner != 0 ||
			slices.ContainsFunc(resources, func(o Need) bool { return o.Service == r.Service && o.Resource == r.Resource }) {
			continue
		}
		resources = append(resources, r)
		if !slices.Contains(services, n.Service) {
			services = append(services, n.Service)
		}
	}
	return resources, services
}

func notInAction(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}
