package lint

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// writes are the operations after which a store has something delivered.
var writes = map[string][]string{
	"queue":  {"Send", "SendMany"},
	"topic":  {"Publish", "PublishMany"},
	"stream": {"Put", "PutMany"},
	"blob":   {"Copy", "Delete", "DeleteMany", "Put", "SignPost", "SignPut"},
	"table":  {"Create", "Delete", "Put", "Transact", "Update", "WriteMany"},
	"call":   {"Call", "Start"},
}

// stopped are the services at which Lambda stops a loop by itself, after about 16 rounds.
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html.
var stopped = []string{"s3", "sns", "sqs"}

// step is what a function does that starts another one, or itself.
type step struct {
	to      *tier.Function
	through string // "queue jobs"
	service string // that delivers, "" for a call
	at      datastore.Position
}

// loops finds functions that start themselves, by way of others or not. Each loop is
// told of once, at the first of its functions.
func loops(d *declaration) {
	functions := d.app.Functions()
	for i, f := range functions {
		path := d.way(f, f, functions[i:])
		if path == nil || f.IsRecursive() { // by declaration
			continue
		}
		way, breaks := "", true
		for _, s := range path {
			way += " -> " + s.through + " -> " + function(s.to)
			breaks = breaks && slices.Contains(stopped, s.service)
		}
		end := "nothing ends that"
		if breaks {
			end = "Lambda stops that after about 16 rounds, and drops what it worked on"
		}
		d.found(function(f), path[0].at, "let it write elsewhere: another store, another prefix; or take only what it does not write itself (tier.Filter)",
			"starts itself: %s%s; %s", function(f), way, end)
	}
}

// way is the shortest way from one function to another through those of among, nil if
// there is none.
func (d *declaration) way(from, to *tier.Function, among []*tier.Function) []step {
	type ways struct {
		at   *tier.Function
		path []step
	}
	next, seen := []ways{{from, nil}}, []*tier.Function(nil)
	for len(next) > 0 {
		w := next[0]
		next = next[1:]
		for _, s := range d.steps(w.at) {
			path := append(slices.Clip(w.path), s)
			if s.to == to {
				return path
			}
			if slices.Contains(among, s.to) && !slices.Contains(seen, s.to) {
				seen = append(seen, s.to)
				next = append(next, ways{s.to, path})
			}
		}
	}
	return nil
}

// steps are what f writes to, and whom that starts.
func (d *declaration) steps(f *tier.Function) []step {
	var all []step
	for _, g := range f.Grants() {
		if !slices.ContainsFunc(g.Ops, func(op string) bool { return slices.Contains(writes[g.Spec.Kind()], op) }) {
			continue
		}
		name, _ := d.store(g.Spec)
		if g.Spec.Kind() == "call" {
			if callee := d.app.FunctionNamed(g.Spec.Name()); callee != nil {
				all = append(all, step{callee, "a call", "", g.At})
			}
			continue
		}
		all = append(all, d.delivered(g, g.Spec, name)...)
		for _, forward := range d.app.Forwardings() {
			if datastore.Same(forward.From().Spec, g.Spec) && forward.From().Filter == "" {
				to, _ := d.store(forward.To().Spec)
				all = append(all, d.delivered(g, forward.To().Spec, name+" -> "+to)...)
			}
		}
	}
	return all
}

// delivered are the functions to which what is written to a store by a grant is delivered.
// Where somebody has declared that not all of it is, he has thought of it.
func (d *declaration) delivered(g *datastore.Grant, spec datastore.Spec, through string) []step {
	var all []step
	for _, t := range d.triggers() {
		feed := t.Feed()
		if datastore.Same(feed.Spec, spec) && meets(g, feed) && feed.Filter == "" && len(t.Settings().Filters) == 0 {
			all = append(all, step{t.Function(), through, feed.Service, g.At})
		}
	}
	return all
}

// meets reports whether objects that a grant writes or deletes can be those of a feed; all
// other stores have no parts.
func meets(g *datastore.Grant, feed datastore.Feed) bool {
	bucket, ok := g.Spec.(blob.Spec)
	if !ok {
		return true
	}
	if !strings.HasPrefix(bucket.Prefix, feed.Prefix) && !strings.HasPrefix(feed.Prefix, bucket.Prefix) {
		return false
	}
	return slices.ContainsFunc(g.Ops, func(op string) bool {
		happens := "Object Created"
		if strings.HasPrefix(op, "Delete") {
			happens = "Object Deleted"
		}
		return slices.Contains(writes["blob"], op) && (len(feed.Events) == 0 || slices.Contains(feed.Events, happens))
	})
}
