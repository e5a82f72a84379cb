// Package identitytest is the conformance suite of package identity: what every
// driver must do, one case a rule. The embedded driver,
// datastore/embedded/localidentity, is the reference.
package identitytest

import (
	"errors"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// Groups are those that [Open] makes.
var Groups = []string{"editors", "readers", "writers"}

// Open prepares an empty directory for one case, with the [Groups] and the policy of
// passwords that Cognito has by itself, and returns the Data on which the case
// declares it. It is called from several tests at once.
type Open func(t testing.TB, spec identity.Spec) *datastore.Data

// Difference is a known way in which a server does not do what Cognito does. The
// suite asserts it: a server that has lost one fails.
type Difference string

// The differences of the servers that the drivers are tested with.
const (
	// BlankStays: an attribute that is set to "" is blank and not removed (moto
	// 5.2.5).
	BlankStays Difference = "a blank attribute is not removed"
	// AnyPassword: every password is taken (cognito-local 5.3.0).
	AnyPassword Difference = "every password is taken"
	// OnePage: all users are on one page, whatever the limit is (cognito-local
	// 5.3.0).
	OnePage Difference = "all users are on one page"
	// NoSignOut: nobody can be signed out (cognito-local 5.3.0).
	NoSignOut Difference = "nobody can be signed out"
	// MissingDenied: to change the attributes of a user that is not there is denied
	// (cognito-local 5.3.0).
	MissingDenied Difference = "attributes of a user that is not there are denied"
	// AnyAttribute: an attribute that is not in the schema can be set (moto 5.2.5).
	AnyAttribute Difference = "every attribute can be set"
	// AnyNewAttribute: a new user has attributes that are not in the schema (moto
	// 5.2.5, cognito-local 5.3.0).
	AnyNewAttribute Difference = "a new user has any attribute"
)

// target is what the suite runs on.
type target struct {
	open    Open
	differs []Difference
}

func (on target) has(d Difference) bool { return slices.Contains(on.differs, d) }

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, on target)
}

// Run runs the suite on directories that open prepares.
func Run(t *testing.T, open Open, differs ...Difference) {
	for _, r := range slices.Concat(userRules, listRules, groupRules) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.why)
				}
			})
			r.run(t, target{open, differs})
		})
	}
}

// all is everything that may be done to a directory.
type all interface {
	identity.Getter
	identity.Lister
	identity.Creator
	identity.AttributeSetter
	identity.PasswordSetter
	identity.Enabler
	identity.Disabler
	identity.Grouper
	identity.GroupSetter
	identity.SignOuter
	identity.Deleter
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// start is a handle on a directory with users of these names.
func start(t testing.TB, on target, names ...string) all {
	t.Helper()
	spec := identity.Spec{Logical: "people", Custom: custom}
	data := on.open(t, spec)
	users := datastore.Use[all](function{}, identity.New(data, "people", identity.Custom(custom)))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	for _, name := range names {
		if _, err := users.Create(t.Context(), identity.NewUser{
			Name: name, Attributes: map[string]string{"email": name + "@example.com"}, Password: password,
		}); err != nil {
			t.Fatalf("Create(%q): %v", name, err)
		}
	}
	return users
}

// custom is the attribute that directories have beside the standard ones.
const custom = "plan"

// password is one that every pool takes.
const password = "Correct-Horse-7"

func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}
