package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// TestGranted: only what the interface names can be done.
func TestGranted(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{localidentity.Memory(nil)}, nil)
	users := datastore.Use[identity.Getter](function("f"), identity.New(data, "people"))
	deleter, ok := users.(identity.Deleter)
	if !ok {
		t.Fatal("a handle does not implement all capabilities")
	}
	if err := deleter.Delete(t.Context(), "ada"); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Delete without its grant: error = %v, want %v", err, datastore.ErrDenied)
	}
	if _, err := users.Get(datastore.WithFunction(t.Context(), "g"), "ada"); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Get by another function: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestNeeds: the actions as they are used, on the one pool.
func TestNeeds(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	people := identity.New(data, "people")
	need := func(actions ...string) []datastore.Need {
		return []datastore.Need{{Service: "cognito-idp", Actions: actions, Resource: "userpool/{name}"}}
	}
	for _, tt := range []struct {
		spec datastore.Spec
		ops  []string
		want []datastore.Need
	}{
		{people.Spec(), []string{"Get"}, need("AdminGetUser")},
		{people.Spec(), []string{"List", "Create", "SetAttributes", "SetPassword", "Enable", "Disable", "SignOut", "Delete"}, need(
			"AdminCreateUser", "AdminDeleteUser", "AdminDisableUser", "AdminEnableUser", "AdminSetUserPassword", "AdminUpdateUserAttributes", "AdminUserGlobalSignOut", "ListUsers")},
		{people.Spec(), []string{"Groups", "SetGroups"}, need("AdminAddUserToGroup", "AdminListGroupsForUser", "AdminRemoveUserFromGroup")},
		{people.Spec(), nil, nil},
		{identity.NewExchange(data, "visitors", people).Spec(), []string{"Exchange"}, []datastore.Need{{
			Service: "cognito-identity", Unsigned: []string{"GetCredentialsForIdentity", "GetId"}, Resource: "identitypool/{name}",
			Depends: []datastore.Dependence{{Spec: people.Spec()}},
		}}},
	} {
		if d := cmp.Diff(tt.want, tt.spec.Needs(tt.ops)); d != "" {
			t.Errorf("Needs(%q) of %v (-want +got):\n%s", tt.ops, tt.spec, d)
		}
	}
	if errs := data.Errs(); errs != nil {
		t.Error(errs)
	}
}

// TestCustom: what is no name of an attribute is a mistake of the declaration.
func TestCustom(t *testing.T) {
	t.Parallel()
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprint("a", i)
	}
	for name, tt := range map[string]struct {
		names []string
		want  string
	}{
		"fine":       {[]string{"plan", "seats_2", "cost-center"}, ""},
		"empty":      {[]string{""}, "write 1 to 20"},
		"two words":  {[]string{"the plan"}, "write 1 to 20"},
		"a space":    {[]string{" plan"}, "write 1 to 20"},
		"long":       {[]string{strings.Repeat("x", 21)}, "write 1 to 20"},
		"the prefix": {[]string{"custom:plan"}, `without "custom:"`},
		"twice":      {[]string{"plan", "plan"}, "twice"},
		"many":       {many, "Cognito takes 50"},
	} {
		data := datastore.New(nil, nil)
		spec := identity.New(data, "people", identity.Custom(tt.names...)).Spec().(identity.Spec)
		errs := data.Errs()
		if len(errs) > 0 != (tt.want != "") || tt.want != "" && !strings.Contains(errors.Join(errs...).Error(), tt.want) {
			t.Errorf("%s: errors = %v, want %q", name, errs, tt.want)
		}
		if tt.want == "" && !cmp.Equal(spec.CustomList(), tt.names) {
			t.Errorf("%s: CustomList = %q, want %q", name, spec.CustomList(), tt.names)
		}
	}
}

// TestEveryOperationHasItsActions: nothing is granted that AWS then refuses.
func TestEveryOperationHasItsActions(t *testing.T) {
	t.Parallel()
	people := identity.New(datastore.New(nil, nil), "people")
	for _, c := range people.Capabilities() {
		if people.Spec().Needs([]string{c.Op}) == nil {
			t.Errorf("%s needs no action", c.Op)
		}
	}
}

// TestDeclarations: mistakes have the line of the application.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	visitors := datastore.Use[identity.Exchanger](function("f"), identity.NewExchange(data, "visitors", nil))
	identity.New(data, "no name")
	errs := data.Errs()
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "has no directory") {
		t.Fatalf("Errs = %v, want two", errs)
	}
	for _, err := range errs {
		var d *datastore.DeclarationError
		if !errors.As(err, &d) || !strings.HasSuffix(d.At.File, "identity_test.go") {
			t.Errorf("error = %v, want a line of this file", err)
		}
	}
	if _, err := visitors.Exchange(t.Context(), "x"); !errors.Is(err, datastore.ErrDeclaration) {
		t.Errorf("Exchange: error = %v, want %v", err, datastore.ErrDeclaration)
	}
	fine := datastore.New(nil, nil)
	visitors = datastore.Use[identity.Exchanger](function("f"), identity.NewExchange(fine, "visitors", identity.New(fine, "people")))
	if _, err := visitors.Exchange(t.Context(), strings.Repeat("x", 50_001)); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Exchange of a long token: error = %v, want %v", err, datastore.ErrInvalid)
	}
}

// TestHidden: what lets somebody in is not printed, and JSON has it for whom it is.
func TestHidden(t *testing.T) {
	t.Parallel()
	c := identity.Credentials{IdentityID: "eu-west-1:id", AccessKeyID: "ASIA1", SecretAccessKey: "hunter2", SessionToken: "hunter2", Expires: time.Unix(0, 0)}
	u := identity.NewUser{Name: "ada", Password: "hunter2"}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "c", c)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", c, "u", u)
	if text := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %s", c, c, c, &c, u, u, u, &u) + log.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, "ASIA1") {
		t.Errorf("printed: %s", text)
	}
	if text, err := json.Marshal(c); err != nil || !strings.Contains(string(text), `"secretAccessKey":"hunter2"`) {
		t.Errorf("JSON = %s, %v", text, err)
	}
}

// failing lists pages and then fails.
type failing struct {
	pages []datastore.Page[identity.User]
}

func (f *failing) List(_ context.Context, q identity.Query) (datastore.Page[identity.User], error) {
	if len(f.pages) == 0 {
		return datastore.Page[identity.User]{}, datastore.ErrThrottled
	}
	page := f.pages[0]
	f.pages = f.pages[1:]
	return page, nil
}

// TestAll: pages follow each other, also empty ones, until an error or the end.
func TestAll(t *testing.T) {
	t.Parallel()
	page := func(next datastore.Token, names ...string) datastore.Page[identity.User] {
		p := datastore.Page[identity.User]{Next: next}
		for _, name := range names {
			p.Items = append(p.Items, identity.User{Name: name})
		}
		return p
	}
	for name, tt := range map[string]struct {
		pages []datastore.Page[identity.User]
		stop  int
		want  []string
		err   error
	}{
		"to the end":   {[]datastore.Page[identity.User]{page("1", "a"), page("2"), page("", "b", "c")}, 9, []string{"a", "b", "c"}, nil},
		"to an error":  {[]datastore.Page[identity.User]{page("1", "a")}, 9, []string{"a", ""}, datastore.ErrThrottled},
		"as far as it": {[]datastore.Page[identity.User]{page("1", "a", "b")}, 1, []string{"a"}, nil},
	} {
		var got []string
		var last error
		for user, err := range identity.All(t.Context(), &failing{tt.pages}, identity.Query{}) {
			got, last = append(got, user.Name), err
			if len(got) == tt.stop {
				break
			}
		}
		if !slices.Equal(got, tt.want) || !errors.Is(last, tt.err) {
			t.Errorf("%s: All = %q, %v, want %q, %v", name, got, last, tt.want, tt.err)
		}
	}
}
