package tier

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// checked is an authorizer that has something to get wrong in itself.
type checked interface {
	Authorizer
	// mistakes of its declaration, without the API in which it is used.
	mistakes() []error
	// misuse is what is wrong with a route that it guards, "" for nothing.
	misuse(*Route) string
}

// maxScopes is how many scopes a route of an HTTP API can have.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const maxScopes = 10

// checkAuthorizers is what is wrong with the authorizers of the App and how its
// routes use them.
func (a *App) checkAuthorizers() []error {
	var errs []error
	var used []Authorizer
	for _, api := range a.apis {
		for _, x := range api.guards() {
			if !slices.Contains(used, x) {
				used = append(used, x)
			}
		}
		errs = append(errs, api.checkGuarded()...)
	}
	for _, w := range a.sockets {
		if w.authorizer != nil && !slices.Contains(used, w.authorizer) {
			used = append(used, w.authorizer)
		}
	}
	for _, f := range a.functions {
		if f.authorizer != nil && !slices.Contains(used, Authorizer(f.authorizer)) {
			errs = append(errs, mistake(f.at, "authorizer %s guards nothing; give it to the Authorize of an API or a WebSocket API, or to a route, or remove it", f.name))
			used = append(used, f.authorizer)
		}
	}
	for i, x := range used {
		if c, ok := x.(checked); ok {
			errs = append(errs, c.mistakes()...)
		}
		for _, other := range used[:i] {
			if fold(other.Name()) == fold(x.Name()) {
				errs = append(errs, mistake(x.At(), "authorizer %s: %s; give one another name", x.Name(), taken(other)))
			}
		}
	}
	return errs
}

// taken says whose a name is already.
func taken(by Authorizer) string {
	if IsIAM(by) {
		return "the name is that of tier.IAM"
	}
	return fmt.Sprintf("the name is that of the authorizer at %s already", by.At())
}

// guards are the authorizers of the API, one that is given to it as a whole and
// to no route among them.
func (api *API) guards() []Authorizer {
	all := api.Authorizers()
	if a := api.authorizer; a != nil && !slices.Contains(all, a) {
		all = append(all, a)
	}
	return all
}

// checkGuarded is what is wrong with how routes use their authorizers.
func (api *API) checkGuarded() []error {
	var errs []error
	for _, r := range api.Routes() {
		a, ok := r.Authorizer().(checked)
		if !ok {
			continue
		}
		if why := a.misuse(r); why != "" {
			errs = append(errs, mistake(r.at, "route %s: authorizer %s: %s", r, a.Name(), why))
		}
		if n := len(r.scopes); api.kind == HTTP && n > maxScopes {
			errs = append(errs, mistake(r.at, "route %s: %d scopes; an HTTP API takes %d", r, n, maxScopes))
		}
	}
	return errs
}

// unasked refuses to serve guarded routes where nobody asks the guard.
func (api *API) unasked() error {
	var errs []error
	if api.policy != nil {
		errs = append(errs, mistake(api.policy.At, "API %s: a resource policy guards it, and without a gateway nobody would ask it; serve the API behind one, or behind a guard of your own with API.Handler", api.name))
	}
	for _, r := range api.Routes() {
		if r.keyRequired {
			errs = append(errs, mistake(r.at, "route %s: it asks for an API key, and without a gateway nobody would look at it; serve the API behind one, or behind a guard of your own with API.Handler", r))
		}
		if a := r.Authorizer(); a != nil {
			errs = append(errs, mistake(r.at, "route %s: authorizer %s guards it, and without a gateway nobody would ask it; serve the API behind one, or behind a guard of your own with API.Handler", r, a.Name()))
		}
	}
	return errors.Join(errs...)
}

func mistake(at datastore.Position, format string, args ...any) error {
	return &datastore.DeclarationError{At: at, Message: fmt.Sprintf(format, args...)}
}

// wrongs collects the mistakes of one authorizer.
type wrongs struct {
	at   datastore.Position
	name string
	all  []error
}

func (w *wrongs) add(format string, args ...any) {
	w.all = append(w.all, mistake(w.at, "authorizer %s: %s", w.name, fmt.Sprintf(format, args...)))
}

// checkedName complains of a name that no authorizer can have.
func (w *wrongs) checkedName() {
	app := App{}
	app.checkName(w.at, "authorizer", w.name)
	if w.name == (iamAuthorizer{}).Name() {
		app.fail(w.at, "authorizer %s: the name is that of tier.IAM; write another", w.name)
	}
	w.all = append(w.all, app.errs...)
}
