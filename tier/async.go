package tier

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
)

// directService stands for Lambda itself among the services that have a function
// invoked.
const directService = "lambda"

// programs stand for those that invoke a function directly, where an event source has
// its store.
type programs struct{}

var _ datastore.Spec = programs{}

func (programs) Kind() string                    { return "direct" }
func (programs) Name() string                    { return "invocations" }
func (programs) Needs([]string) []datastore.Need { return nil }

// undelivered says what becomes of direct invocations that nobody waits for.
func (f *Function) undelivered(at datastore.Position, opts []TriggerOption) {
	t := &Trigger{function: f, feed: datastore.Feed{Service: directService, Spec: programs{}}, at: at, settings: TriggerSettings{Retries: -1}}
	for _, o := range opts {
		if isNil(o) {
			f.app.fail(at, "%s: an option is nil; leave it out", t)
			return
		}
		o.applyTrigger(t)
	}
	f.events = t
	t.grantDiscard()
}

// grantDiscard lets Lambda tell of what is given up, with the role of the function.
func (t *Trigger) grantDiscard() {
	if to := t.settings.Failed; to != nil {
		t.function.AddGrant(&datastore.Grant{Function: t.function.name, Spec: to, Ops: []string{datastore.Discard}, At: t.at})
	}
}

// Asynchronous are the settings of the function's invocations that nobody waits for, of
// which Lambda has one set: those of its topics, buckets, rules, logs and schedules, and
// of [Function.Invoke]. It is false if nothing was declared.
func (f *Function) Asynchronous() (settings TriggerSettings, at datastore.Position, declared bool) {
	if f.events != nil {
		return f.events.settings, f.events.at, true
	}
	for _, t := range f.triggers {
		if t.Asynchronous() {
			return t.settings, t.at, true
		}
	}
	return TriggerSettings{Retries: -1}, datastore.Position{}, false
}

// checkEvents finds what Lambda would not take of the settings of direct invocations.
func (f *Function) checkEvents() (errs []error) {
	t := f.events
	if t == nil {
		return nil
	}
	for _, problem := range t.problems() {
		errs = append(errs, mistake(t.at, "%s: %s", t, problem))
	}
	if len(t.middleware) > 0 {
		errs = append(errs, mistake(t.at, "%s: tier.With is for event sources; wrap the handler by handler.Chain", t))
	}
	for _, other := range f.triggers {
		if other.Asynchronous() && !t.settings.givesUpLike(other.settings) {
			errs = append(errs, mistake(t.at, "%s: Lambda has one setting of Retries, MaxAge and OnFailure for all invocations that nobody waits for, and %s differs (%s); write the same for both, or give one of them to another function", t, other, other.at))
		}
	}
	return errs
}
