package tier

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Asked are the triggers of the directory users that functions of the App answer, each
// in order of declaration.
func (a *App) Asked(users datastore.Spec) []*Trigger {
	var all []*Trigger
	for _, f := range a.Functions() {
		for _, t := range f.triggers {
			if t.feed.Service == "cognito" && datastore.Same(t.feed.Spec, users) {
				all = append(all, t)
			}
		}
	}
	return all
}

// AskedBy is the directory whose triggers the function answers, nil if there is none.
// It knows the id of the user pool from the events alone: in AWS the pool needs the
// function before it can be made.
func (f *Function) AskedBy() datastore.Spec {
	for _, t := range f.triggers {
		if t.feed.Service == "cognito" {
			return t.feed.Spec
		}
	}
	return nil
}

// checkAsked finds what a user pool would not take of trigger i of f, and what its
// function could not do.
func (t *Trigger) checkAsked(i int) (errs []error) {
	if t.feed.Service != "cognito" {
		return nil
	}
	f, users := t.function, t.feed.Spec
	if sends(t.feed) {
		if e, ok := users.(datastore.Encrypted); !ok || e.EncryptedBy() == nil {
			errs = append(errs, mistake(t.at, "%s: %s %s has no key, with which codes are encrypted on their way to the function; declare it with identity.CodesEncryptedBy(key.New(data, \"codes\", nil))", t, users.Kind(), users.Name()))
		}
	}
	for _, other := range f.app.Asked(users) {
		if other == t {
			break // it is told of the later one
		}
		if other.function != f && slices.Equal(other.feed.Events, t.feed.Events) {
			errs = append(errs, mistake(t.at, "%s: a user pool asks one function at %s, and %s does (%s); leave it to one of them", t, t.feed.Asks, other, other.at))
		}
	}
	for _, other := range f.triggers[:i] {
		if other.feed.Service == "cognito" && !datastore.Same(other.feed.Spec, users) {
			errs = append(errs, mistake(t.at, "%s: %s is asked by another directory (%s), and a function has the triggers of one; declare another function with app.Function", t, other, other.at))
			return errs
		}
	}
	if i == slices.IndexFunc(f.triggers, func(t *Trigger) bool { return t.feed.Service == "cognito" }) {
		errs = append(errs, f.checkAskedUse(t, users)...)
	}
	return errs
}

// sends reports whether a trigger is a custom sender, which gets codes.
func sends(feed datastore.Feed) bool {
	name, _, _ := strings.Cut(feed.Asks, " ")
	return strings.HasPrefix(name, "Custom") && strings.HasSuffix(name, "Sender")
}

// checkAskedUse finds what of the function would need the id of the user pool and has
// no event to know it from.
func (f *Function) checkAskedUse(t *Trigger, users datastore.Spec) []error {
	use := f.usesOf(users)
	if use == nil {
		return nil
	}
	if !datastore.Same(use.Spec, users) {
		return []error{mistake(t.at, "%s: the function also uses %s %s (%s), which is made after the user pool, and the pool needs the function before it is made; give its triggers to another function",
			t, use.Spec.Kind(), use.Spec.Name(), use.At)}
	}
	const why = "%s: the function also uses %s %s (%s), whose id it knows from the events of its triggers alone, because the user pool needs the function before it is made; "
	if other := slices.IndexFunc(f.triggers, func(t *Trigger) bool { return t.feed.Service != "cognito" }); other >= 0 {
		return []error{mistake(t.at, why+"give %s (%s) to another function", t, users.Kind(), users.Name(), use.At, f.triggers[other], f.triggers[other].at)}
	}
	if f.routed() || f.direct != nil || len(f.SocketRoutes()) > 0 || f.url != nil {
		return []error{mistake(t.at, why+"give its triggers to a function without routes and invocations", t, users.Kind(), users.Name(), use.At)}
	}
	return nil
}

// usesOf is the grant by which the function uses a store itself, nil for none.
func (f *Function) usesOf(spec datastore.Spec) *datastore.Grant {
	for _, g := range f.grants {
		own := datastore.Same(g.Spec, spec) && !(len(g.Ops) == 1 && g.Ops[0] == datastore.Receive)
		if own || slices.ContainsFunc(datastore.Usages([]*datastore.Grant{g})[1:], func(u datastore.Usage) bool { return datastore.Same(u.Spec, spec) }) {
			return g
		}
	}
	return nil
}
