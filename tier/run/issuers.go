//go:build !lambda.norpc

package run

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// localClient is for whom tokens are where no authorizer says so.
const localClient = "local"

// tokenSettings say what a token must have for an authorizer to take it; for nil, what
// tokens have that none takes. ok is false for an authorizer that reads none.
func tokenSettings(app *tier.App, a tier.Authorizer) (s localidentity.IssuerSettings, ok bool) {
	s.ClientID = localClient
	switch a := a.(type) {
	case nil:
		s.URL = "https://localhost/" + app.Name()
	case *tier.JWTAuthorizer:
		s.URL = a.Settings().Issuer
		if audience := a.Settings().Audience; len(audience) > 0 {
			s.ClientID = audience[0]
		}
	case *tier.CognitoAuthorizer:
		for _, pool := range a.UserPools()[:min(1, len(a.UserPools()))] {
			s.URL = jwt.CognitoPool{Region: pool.Region, ID: pool.ID}.Issuer()
		}
	}
	return s, s.URL != ""
}

// tokenAuthorizers are the authorizers of the App that read tokens.
func tokenAuthorizers(app *tier.App) []tier.Authorizer {
	var all []tier.Authorizer
	for _, api := range app.APIs() {
		for _, a := range api.Authorizers() {
			if _, ok := tokenSettings(app, a); ok && !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// directories are the directories of users that the App declares.
func directories(data *datastore.Data) []identity.Spec {
	var all []identity.Spec
	for _, spec := range data.Specs() {
		if own, ok := spec.(identity.Spec); ok && !own.IsExchange() {
			all = append(all, own)
		}
	}
	return all
}

// directoryNamed is the declared directory of that name; "" is the only one.
func directoryNamed(app *tier.App, data *datastore.Data, name string) (identity.Spec, error) {
	all := directories(data)
	var names []string
	for _, spec := range all {
		if spec.Logical == name || name == "" && len(all) == 1 {
			return spec, nil
		}
		names = append(names, spec.Logical)
	}
	switch {
	case len(all) == 0:
		return identity.Spec{}, fmt.Errorf("app %s declares no directory of users; write identity.New(data, \"users\")", app.Name())
	case name == "":
		return identity.Spec{}, fmt.Errorf("app %s declares several directories; write -directory %s", app.Name(), strings.Join(names, ", or -directory "))
	}
	return identity.Spec{}, fmt.Errorf("app %s declares no directory %q; it declares %s", app.Name(), name, strings.Join(names, ", "))
}

// takeTokens has the exchanges of local directories take the tokens that the command
// user prints.
func (d *openedData) takeTokens(app *tier.App) error {
	if d.users == nil {
		return nil
	}
	for _, spec := range directories(d.Data) {
		for _, a := range append(tokenAuthorizers(app), nil) {
			s, _ := tokenSettings(app, a)
			if _, err := d.users.Issuer(d.Namespace(), spec.Logical, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// localKeys puts the keys of the directories that the identities name into them.
func (d *openedData) localKeys(app *tier.App, ids *local.Identities, file identityFile) error {
	for _, name := range slices.Sorted(maps.Keys(ids.Issuers)) {
		given := ids.Issuers[name]
		if given.Directory == "" {
			continue
		}
		fail := func(err error) error { return fmt.Errorf("%s: issuers.%s.directory: %w", file.name(), name, err) }
		if d.users == nil {
			return fail(fmt.Errorf("the users are in AWS; write -data embedded, or leave it out"))
		}
		spec, err := directoryNamed(app, d.Data, given.Directory)
		if err != nil {
			return fail(err)
		}
		s, _ := tokenSettings(app, nil) // the keys are the same for all
		issuer, err := d.users.Issuer(d.Namespace(), spec.Logical, s)
		if err != nil {
			return fail(err)
		}
		keys, err := issuer.JWKS()
		if err != nil {
			return fail(err)
		}
		given.Keys = string(keys)
		ids.Issuers[name] = given
	}
	return nil
}

// authorizerNamed is the authorizer of the App that reads tokens and has the name; "" is
// the only one, nil if there is none.
func authorizerNamed(app *tier.App, name string) (tier.Authorizer, error) {
	all := tokenAuthorizers(app)
	var names []string
	for _, a := range all {
		if a.Name() == name || name == "" && len(all) == 1 {
			return a, nil
		}
		names = append(names, a.Name())
	}
	switch {
	case name == "" && len(all) == 0:
		return nil, nil
	case name == "":
		return nil, fmt.Errorf("app %s has several authorizers by tokens; write -authorizer %s", app.Name(), strings.Join(names, ", or -authorizer "))
	}
	return nil, fmt.Errorf("app %s has no authorizer %q by tokens; it has %s", app.Name(), name, cmp.Or(strings.Join(names, ", "), "none"))
}
