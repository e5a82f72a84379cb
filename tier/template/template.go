// Package template prints the infrastructure of an application: for each function an
// explicit role with exactly what it was granted, for each API one permission a route
// as long as the policy of the function has room for that, for each store its resource,
// for each site a bucket and a distribution.
//
// One model of the resources has three forms: AWS SAM ([Template.SAM]), CloudFormation
// without SAM ([Template.CloudFormation]), and a Terraform module around that
// ([Template.Terraform]); JSON is what they are printed in, which [YAML] renders.
// Nothing managed is attached and nothing is left to SAM's defaults that would widen a
// role. The same declaration gives the same bytes on any machine.
package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// resource is one resource of the template and the declaration that caused it.
type resource struct {
	id         string
	typ        string
	properties object
	attributes object // beside Properties: DeletionPolicy, Metadata, DependsOn
	// plain are the resources that SAM makes of one of its own. Where they have its
	// names, what refers to them needs not know which form the template has.
	plain []resource
	at    datastore.Position
}

// makes reports whether id is that of a resource which SAM makes of this one.
func (r *resource) makes(id string) bool {
	return slices.ContainsFunc(r.plain, func(p resource) bool { return p.id == id })
}

// stack collects the resources of an App in order.
type stack struct {
	app         *tier.App
	deployments []*tier.Function
	resources   []resource
	parameters  []parameter
	topics      []event.KafkaSpec
	given       bool // the network is a parameter
	outputs     object
	errs        []error
	declared    map[string]datastore.Position // of outputs
	policies    map[*tier.Function]int        // bytes that permissions of APIs and URLs take
	sources     map[*tier.Function]int        // event sources that have a permission
	code        func(*tier.Function) string   // see [Options]
	rolledOut   bool                          // the application of CodeDeploy is there
	least       width                         // of permissions, see [build]
	versions    map[*tier.Function]string     // ids of versions that are published
}

// output puts out a value. Names are those of resources with other words behind
// them, so two can meet.
func (s *stack) output(id, description string, value reference, at datastore.Position) {
	if other, taken := s.declared[id]; taken {
		s.errs = append(s.errs, &datastore.DeclarationError{At: at, Message: fmt.Sprintf(
			"output %s is that of a declaration at %s; give one of the two another name", id, other)})
		return
	}
	if s.declared == nil {
		s.declared = map[string]datastore.Position{}
	}
	s.declared[id] = at
	s.outputs = append(s.outputs, member{id, object{{"Description", description}, {"Value", value}}})
}

func (s *stack) add(r resource) {
	for _, other := range s.resources {
		if other.id == r.id || other.makes(r.id) || r.makes(other.id) {
			s.errs = append(s.errs, &datastore.DeclarationError{At: r.at, Message: fmt.Sprintf(
				"resource %s (%s) has the logical id of a %s declared at %s; give one of the two another name",
				r.id, r.typ, other.typ, other.at)})
			return
		}
	}
	s.resources = append(s.resources, r)
}

// Template is the infrastructure of an application: resources in the order in which
// they were declared, each with the Go line that is the reason for it.
type Template struct {
	app        string
	resources  []resource
	parameters []parameter
	outputs    object
}

// Options of a template.
type Options struct {
	// Code is a sum of the code that a function reaches, any text that is another when
	// the code is. A function with tier.Live gets a version when it, or the
	// configuration, is another one than before. Default: the configuration alone.
	Code func(*tier.Function) string
	// Unverified are the names of what the template may have although nobody of this
	// project has tried it on AWS, see [Unverified]. Another name is an error. Default
	// none: it is refused.
	Unverified []string
}

// New is the template of app. The error joins every mistake of the declaration and
// everything that has no form in a template, each with its Go line.
func New(app *tier.App) (*Template, error) { return NewWith(app, nil) }

// NewWith is [New] with options; nil are the defaults.
func NewWith(app *tier.App, opts *Options) (*Template, error) {
	if errs := app.Check(); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if opts == nil {
		opts = &Options{}
	}
	for _, name := range opts.Unverified {
		if !slices.Contains(Unverified(), name) {
			return nil, fmt.Errorf("template: Options.Unverified has %q; write one of: %s", name, strings.Join(Unverified(), ", "))
		}
	}
	t, err := build(app, opts, byRoute)
	if err == nil && len(t.plain()) > MaxResources {
		t, err = build(app, opts, byMethod)
	}
	return t, err
}

// build is the template with permissions that are no narrower than least.
func build(app *tier.App, opts *Options, least width) (*Template, error) {
	s := &stack{app: app, deployments: app.Deployments(), versions: map[*tier.Function]string{}, code: opts.Code, least: least}
	s.checkUnverified(opts.Unverified)
	s.checkCalls()
	s.checkDeployments()
	s.network(app)
	for _, spec := range stores(app) {
		s.store(spec)
	}
	var hooks []*tier.Function // which call new versions of the others
	for _, f := range app.Functions() {
		if f.Report() != nil {
			hooks = append(hooks, f)
			continue
		}
		s.function(f)
	}
	for _, f := range hooks {
		s.function(f)
	}
	for _, f := range s.deployments {
		s.function(f)
		s.deployment(f)
	}
	s.forwardings()
	for _, api := range app.APIs() {
		s.api(api)
	}
	for _, w := range app.WebSockets() {
		s.socket(w)
	}
	for _, site := range app.Sites() {
		s.site(site)
	}
	s.checkCircles()
	s.checkReferences()
	s.foldRoles()
	s.checkQuotas()
	if len(s.errs) > 0 {
		return nil, errors.Join(s.errs...)
	}
	return &Template{app.Name(), s.resources, s.parameters, s.outputs}, nil
}

// usedStore is a store and the first grant that is the reason for it.
type usedStore struct {
	spec datastore.Spec
	at   datastore.Position
}

// stores are those that some function uses, each once, in order of the first grant,
// then those by which users call routes, and those of which messages are only forwarded.
func stores(app *tier.App) []usedStore {
	var all []usedStore
	for _, f := range append(app.Functions(), app.Deployments()...) {
		at := map[datastore.Spec]datastore.Position{}
		for _, u := range datastore.Usages(f.Grants()) {
			switch {
			case len(u.Grants) > 0:
				at[u.Spec] = u.Grants[0].At
			case len(u.For) > 0:
				at[u.Spec] = at[u.For[0]]
			}
			for _, spec := range withKey(u.Spec) {
				if !slices.ContainsFunc(all, func(s usedStore) bool { return datastore.Same(s.spec, spec) }) {
					all = append(all, usedStore{spec, at[u.Spec]})
				}
			}
		}
	}
	for _, api := range app.APIs() {
		for _, r := range api.Routes() {
			for _, exchange := range r.SignedIn() {
				for _, spec := range []datastore.Spec{exchange.(identity.Spec).Users, exchange} {
					if !slices.ContainsFunc(all, func(s usedStore) bool { return datastore.Same(s.spec, spec) }) {
						all = append(all, usedStore{spec, r.At()})
					}
				}
			}
		}
	}
	for _, f := range app.Forwardings() {
		for _, feed := range []datastore.Feed{f.From(), f.To()} {
			if !slices.ContainsFunc(all, func(s usedStore) bool { return datastore.Same(s.spec, feed.Spec) }) {
				all = append(all, usedStore{feed.Spec, f.At()})
			}
		}
	}
	return all
}

// withKey is a store and the key that it is encrypted with, also where nothing that
// is granted needs the key.
func withKey(spec datastore.Spec) []datastore.Spec {
	if e, ok := spec.(datastore.Encrypted); ok && e.EncryptedBy() != nil {
		return []datastore.Spec{spec, e.EncryptedBy()}
	}
	return []datastore.Spec{spec}
}

// store adds the resource of a store, by its kind.
func (s *stack) store(store usedStore) {
	switch spec := store.spec.(type) {
	case blob.Spec:
		s.bucket(store, spec)
	case cache.Spec:
		s.cache(store, spec)
	case config.Spec:
		s.config(store, spec)
	case connection.Spec: // the WebSocket API is the resource
	case call.Spec:
		s.call(store, spec)
	case identity.Spec:
		s.identity(store, spec)
	case event.KafkaSpec:
		s.kafka(store, spec)
	case key.Spec:
		s.key(store, spec)
	case queue.Spec:
		s.queue(store, spec)
	case search.Spec:
		s.search(store, spec)
	case secret.Spec:
		s.secret(store, spec)
	case service.Spec:
		s.service(store, spec)
	case sqldb.Spec:
		s.database(store, spec)
		if spec.Proxy {
			s.proxy(store, spec)
		}
	case stream.Spec:
		s.stream(store, spec)
	case table.Spec:
		s.table(store, spec)
	case topic.Spec:
		s.topic(store, spec)
	case warehouse.Spec:
		s.warehouse(store, spec)
	default:
		s.errs = append(s.errs, &datastore.DeclarationError{At: store.at, Message: fmt.Sprintf(
			"the template has no resource for stores of kind %s", spec.Kind())})
	}
}
