package tier_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type ownNote struct {
	Owner string `json:"owner" table:"owner,pk"`
	Text  string `json:"text"`
}

type byOwner struct {
	Owner string `path:"owner"`
}

// TestPerCaller: a store of the caller's own rows gives them to whom the authorizer
// let in, and nothing to others.
func TestPerCaller(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	app := tier.New("notes")
	api := app.API("notes")
	notes := datastore.Use[table.Getter[ownNote]](api, table.New[ownNote](data, "notes").PerCaller())
	api.Handle("GET /notes/{owner}", handler.New(func(ctx context.Context, in byOwner) (ownNote, error) {
		return notes.Get(ctx, table.PK(in.Owner))
	}))
	datatest.Seed(t, data, "notes", ownNote{"ada", "a"}, ownNote{"bob", "b"})
	h, err := api.Handler()
	if err != nil {
		t.Fatal(err)
	}
	ada := handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"})
	for _, tt := range []struct {
		name, path string
		opts       []handlertest.Option
		want       error
	}{
		{"her own", "/notes/ada", []handlertest.Option{ada}, nil},
		{"another's", "/notes/bob", []handlertest.Option{ada}, datastore.ErrDenied},
		{"nobody's", "/notes/ada", nil, datastore.ErrDenied},
		{"a caller without an id", "/notes/ada", []handlertest.Option{handlertest.As(handler.Caller{Kind: handler.CallerLambda})}, datastore.ErrDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := h.Handle(t.Context(), handlertest.Request("GET", tt.path, tt.opts...))
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("GET %s = %v, want %v", tt.path, err, tt.want)
			}
		})
	}
}

// TestCallerOfCaller: a function that another one calls in the same process does not
// act for the caller of that one, as it does not in AWS.
func TestCallerOfCaller(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	called := tier.New("notes").Function("called")
	notes := datastore.Use[table.Getter[ownNote]](called, table.New[ownNote](data, "notes").PerCaller())
	called.Invoke(handler.New(func(ctx context.Context, _ struct{}) (ownNote, error) {
		return notes.Get(ctx, table.PK("ada"))
	}))
	datatest.Seed(t, data, "notes", ownNote{"ada", "a"})
	h, err := called.Direct()
	if err != nil {
		t.Fatal(err)
	}
	ctx := datastore.WithCallerID(t.Context(), "ada") // as the calling function has it
	if _, err := h.Handle(ctx, handlertest.Request("POST", "/")); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("a called function for the caller of the calling one: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestTenantOfCaller: a function that another one calls in the same process does not act
// for the tenant of that one, as it does not in AWS.
func TestTenantOfCaller(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	called := tier.New("notes").Function("called")
	notes := datastore.Use[table.Getter[ownNote]](called, table.New[ownNote](data, "notes").PerTenant())
	called.Invoke(handler.New(func(ctx context.Context, _ struct{}) (ownNote, error) {
		return notes.Get(ctx, table.PK("acme"))
	}))
	datatest.Seed(t, data, "notes", ownNote{"acme", "a"})
	h, err := called.Direct()
	if err != nil {
		t.Fatal(err)
	}
	calling := datastore.WithTenant(datastore.WithFunction(t.Context(), "calling"), "acme")
	if _, err := h.Handle(calling, handlertest.Request("POST", "/")); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("a called function for the tenant of the calling one: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestOwnersMeet: parts of one store are refused in which an owner would have what is
// another's, or what is nobody's.
func TestOwnersMeet(t *testing.T) {
	t.Parallel()
	type filed struct {
		ID    string `table:"id,pk"`
		Owner string `table:"owner,index=byOwner.pk"`
	}
	get := func(f datastore.Function, s datastore.Store) { datastore.Use[blob.Getter](f, s) }
	list := func(f datastore.Function, s datastore.Store) { datastore.Use[blob.Lister](f, s) }
	notes := func(f datastore.Function, s datastore.Store) { datastore.Use[table.Getter[ownNote]](f, s) }
	for name, tt := range map[string]struct {
		declare func(data *datastore.Data, one, two datastore.Function)
		want    string
	}{
		"tenants": {func(data *datastore.Data, one, two datastore.Function) {
			notes(one, table.New[ownNote](data, "notes").PerTenant())
			get(one, blob.New(data, "files").PerTenant())
		}, ""},
		"tenants and callers within them": {func(data *datastore.Data, one, two datastore.Function) {
			store, files := table.New[ownNote](data, "notes"), blob.New(data, "files")
			notes(one, store.PerTenant())
			notes(two, store.PerTenant().PerCaller())
			get(one, files.PerTenant())
			list(two, files.PerCaller().PerTenant())
		}, ""},
		"tenants and all": {func(data *datastore.Data, one, two datastore.Function) {
			store, files := table.New[ownNote](data, "notes"), blob.New(data, "files")
			notes(one, store.PerTenant())
			notes(two, store)
			get(one, files.PerTenant())
			get(two, files)
			list(two, files)
		}, ""},
		"tenants and callers of one table": {func(data *datastore.Data, one, two datastore.Function) {
			store := table.New[ownNote](data, "notes")
			notes(one, store.PerTenant())
			notes(two, store.PerCaller())
		}, "table notes: it is narrowed to callers here"},
		"callers of one and callers within tenants of another": {func(data *datastore.Data, one, two datastore.Function) {
			store := table.New[ownNote](data, "notes")
			notes(one, store.PerCaller())
			notes(two, store.PerTenant().PerCaller())
		}, "a caller may be called as a tenant"},
		"tenants and callers of one bucket": {func(data *datastore.Data, one, two datastore.Function) {
			files := blob.New(data, "files")
			get(one, files.PerTenant())
			list(two, files.PerCaller())
		}, "blob files: it is narrowed to callers here"},
		"callers of a table, tenants of its index": {func(data *datastore.Data, one, two datastore.Function) {
			store := table.New[filed](data, "filed")
			datastore.Use[table.Getter[filed]](one, store.PerCaller())
			datastore.Use[table.Querier[filed]](two, store.Via("byOwner").PerTenant())
		}, ""},
		"tenants and callers of two tables": {func(data *datastore.Data, one, two datastore.Function) {
			notes(one, table.New[ownNote](data, "notes").PerTenant())
			notes(two, table.New[ownNote](data, "others").PerCaller())
		}, ""},
		"a prefix beside tenants": {func(data *datastore.Data, one, two datastore.Function) {
			files := blob.New(data, "files")
			get(one, files.PerTenant())
			get(two, files.Under("public/"))
		}, `what is under "public/"`},
		"a listing beside tenants": {func(data *datastore.Data, one, two datastore.Function) {
			files := blob.New(data, "files")
			list(one, files.Under("public/"))
			get(two, files.PerTenant())
		}, "would belong to a tenant of that name; write Under with another prefix"},
		"a prefix beside callers": {func(data *datastore.Data, one, two datastore.Function) {
			files := blob.New(data, "files")
			get(one, files.PerCaller())
			get(two, files.Under("public/"))
		}, "would belong to a caller of that name"},
		"a prefix within that of tenants": {func(data *datastore.Data, one, two datastore.Function) {
			files := blob.New(data, "files")
			get(one, files.Under("t/").PerTenant())
			get(two, files.Under("t/public/"))
		}, `what is under "public/"`},
		"tenants within tenants": {func(data *datastore.Data, one, two datastore.Function) {
			files := blob.New(data, "files")
			get(one, files.Under("t/").PerTenant())
			get(two, files.Under("t/x/").PerTenant())
		}, `what is under "x/"`},
		"a prefix of their own": {func(data *datastore.Data, one, two datastore.Function) {
			files := blob.New(data, "files")
			get(one, files.Under("tenants/").PerTenant())
			get(two, files.Under("public/"))
			get(two, files.Under("callers/").PerCaller())
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, app := datastore.New(nil, nil), tier.New("notes")
			one, two := app.Function("one"), app.Function("two")
			for _, f := range []*tier.Function{one, two} {
				f.Invoke(handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
			}
			tt.declare(data, one, two)
			err := errors.Join(app.Check()...)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "owner_test.go:")) {
				t.Errorf("Check = %v, want %q with a line of this file", err, tt.want)
			}
		})
	}
}

// TestCallersOfSeveralIssuers: one id may be of two people where callers come from
// several issuers, which a store of the caller's own rows cannot tell apart.
func TestCallersOfSeveralIssuers(t *testing.T) {
	t.Parallel()
	const issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example12"
	const pool = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"
	jwt := func(name, issuer string) tier.Authorizer {
		return tier.JWT(name, tier.JWTSettings{Issuer: issuer, Audience: []string{"notes"}})
	}
	check := func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil }
	read := handler.New(func(context.Context, byOwner) (ownNote, error) { return ownNote{}, nil })
	type declared struct {
		data *datastore.Data
		app  *tier.App
	}
	use := func(d declared, f datastore.Function) {
		datastore.Use[table.Getter[ownNote]](f, table.New[ownNote](d.data, "notes").PerCaller())
	}
	api := func(d declared, name string, kind tier.Kind, a tier.Authorizer) *tier.API {
		api := d.app.API(name, kind)
		api.Authorize(a)
		api.Handle("GET /"+name+"/{owner}", read)
		use(d, api)
		return api
	}
	for name, tt := range map[string]struct {
		declare func(declared)
		want    string // of the error
	}{
		"one issuer": {func(d declared) { api(d, "one", tier.HTTP, jwt("users", "https://id.example.com")) }, ""},
		"two issuers": {func(d declared) {
			api(d, "one", tier.HTTP, jwt("users", "https://id.example.com"))
			api(d, "two", tier.HTTP, jwt("partners", "https://partners.example.com"))
		}, "authorizer users (https://id.example.com) and authorizer partners (https://partners.example.com)"},
		"two issuers of one API": {func(d declared) {
			api(d, "one", tier.HTTP, jwt("users", "https://id.example.com")).Handle("GET /p/{owner}", read, jwt("partners", "https://partners.example.com"))
		}, "one id may be of two people"},
		"two authorizers of one issuer": {func(d declared) {
			api(d, "one", tier.HTTP, jwt("users", issuer))
			api(d, "two", tier.REST, tier.Cognito("pool", tier.CognitoSettings{Pools: []string{pool}}))
		}, ""},
		"two pools of one authorizer": {func(d declared) {
			api(d, "one", tier.REST, tier.Cognito("pool", tier.CognitoSettings{Pools: []string{pool, pool + "b"}}))
		}, "authorizer pool (" + issuer + ") and authorizer pool (" + issuer + "b)"},
		"a pool and IAM": {func(d declared) {
			api(d, "one", tier.REST, tier.Cognito("pool", tier.CognitoSettings{Pools: []string{pool}})).Handle("GET /i/{owner}", read, tier.IAM())
		}, ""},
		"another issuer and IAM": {func(d declared) {
			api(d, "one", tier.HTTP, jwt("users", "https://id.example.com")).Handle("GET /i/{owner}", read, tier.IAM())
		}, "authorizer users (https://id.example.com) and tier.IAM"},
		"a Lambda authorizer of its own": {func(d declared) {
			api(d, "one", tier.HTTP, jwt("users", "https://id.example.com"))
			l := d.app.Authorizer("badges", tier.AuthorizerSettings{Token: "Badge"})
			l.Check(check)
			api(d, "two", tier.REST, l)
		}, "and authorizer badges, and one id may be of two people: give each a store of its own, or, if"},
		"a Lambda authorizer of the same issuer": {func(d declared) {
			api(d, "one", tier.HTTP, jwt("users", "https://id.example.com"))
			l := d.app.Authorizer("badges", tier.AuthorizerSettings{Token: "Badge", Issuer: "https://id.example.com"})
			l.Check(check)
			api(d, "two", tier.REST, l)
		}, ""},
		"a store that is not narrowed": {func(d declared) {
			api(d, "one", tier.HTTP, jwt("users", "https://id.example.com"))
			two := d.app.API("two", tier.HTTP)
			two.Authorize(jwt("partners", "https://partners.example.com"))
			two.Handle("GET /two/{owner}", read)
			datastore.Use[table.Getter[ownNote]](two, table.New[ownNote](d.data, "notes"))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := declared{datastore.New(nil, nil), tier.New("notes")}
			tt.declare(d)
			err := errors.Join(d.app.Check()...)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "owner_test.go:")) {
				t.Errorf("Check = %v, want %q with a line of this file", err, tt.want)
			}
		})
	}
}
