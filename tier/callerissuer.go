package tier

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// subjects are the callers that one issuer gives ids to: two people of one issuer
// have two ids, and two of different issuers may have the same.
type subjects struct {
	issuer string // "https://id.example.com"; iamIssuer for AWS itself
	by     string // through whom they come, for people
}

// iamIssuer gives out the unique ids of users and roles.
const iamIssuer = "AWS IAM"

// subjectsOf are the issuers whose callers an authorizer lets in.
func subjectsOf(a Authorizer) []subjects {
	by := "authorizer " + a.Name()
	switch a := a.(type) {
	case *JWTAuthorizer:
		return []subjects{{a.settings.Issuer, by}}
	case *CognitoAuthorizer:
		var all []subjects
		for _, pool := range a.UserPools() {
			all = append(all, subjects{poolIssuer + pool.Region + ".amazonaws.com/" + pool.ID, by})
		}
		return all
	case *LambdaAuthorizer:
		if a.settings.Issuer != "" {
			return []subjects{{a.settings.Issuer, by}}
		}
		return []subjects{{by, by}}
	case iamAuthorizer:
		return []subjects{{iamIssuer, "tier.IAM"}}
	}
	return nil
}

// poolIssuer begins the issuer of a Cognito user pool. Nobody else's does.
const poolIssuer = "https://cognito-idp."

// mayMeet reports whether somebody of one issuer may have the id of somebody else of
// another. An id of IAM begins with letters that no UUID has, and the ids of a user
// pool are UUIDs. An issuer that is neither may give out anything.
func mayMeet(a, b subjects) bool {
	isPool := func(s subjects) bool { return strings.HasPrefix(s.issuer, poolIssuer) }
	byAWS := a.issuer == iamIssuer && isPool(b) || b.issuer == iamIssuer && isPool(a)
	return a.issuer != b.issuer && !byAWS
}

// callers are those who may call the function, issuer by issuer.
func (f *Function) callers() []subjects {
	var all []subjects
	add := func(a Authorizer) {
		if a == nil {
			return
		}
		for _, s := range subjectsOf(a) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	for _, r := range f.Routes() {
		add(r.Authorizer())
	}
	if f.socket != nil {
		add(f.socket.authorizer)
	}
	if f.url != nil && f.url.Auth == URLIAM {
		add(iamAuthorizer{})
	}
	return all
}

// checkCallers refuses callers of several issuers in one store of the caller's own
// rows: where two of them have the same id, one would be given the other's.
func (a *App) checkCallers() []error {
	type reached struct {
		spec    datastore.Spec
		callers []subjects
	}
	var stores []*reached
	var errs []error
	for _, f := range a.functions {
		for _, u := range datastore.Usages(f.grants) {
			if len(u.Grants) == 0 || !slices.ContainsFunc(u.Needs(), func(n datastore.Need) bool { return n.Owner.Has(datastore.ByCaller) }) {
				continue
			}
			i := slices.IndexFunc(stores, func(s *reached) bool { return datastore.Same(s.spec, u.Spec) })
			if i < 0 {
				i = len(stores)
				stores = append(stores, &reached{spec: u.Spec})
			}
			for _, s := range f.callers() {
				meets := slices.IndexFunc(stores[i].callers, func(known subjects) bool { return mayMeet(known, s) })
				if known := slices.Contains(stores[i].callers, s); meets >= 0 && !known {
					errs = append(errs, mistake(u.Grants[0].At, "%s", meeting(u.Spec, stores[i].callers[meets], s)))
				}
				stores[i].callers = append(stores[i].callers, s)
			}
		}
	}
	return errs
}

// meeting says what is wrong, and what to write instead.
func meeting(spec datastore.Spec, a, b subjects) string {
	advice := "give each a store of its own"
	if a.issuer == a.by || b.issuer == b.by {
		advice += ", or, if the principal ids of a Lambda authorizer are the subjects of the other's tokens, say so with its Issuer"
	}
	return fmt.Sprintf("%s %s: callers reach their own rows through %s and %s, and one id may be of two people: %s", spec.Kind(), spec.Name(), named(a), named(b), advice)
}

func named(s subjects) string {
	if s.by == s.issuer || s.issuer == iamIssuer {
		return s.by
	}
	return s.by + " (" + s.issuer + ")"
}
