package dynamotable_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// roles is an HTTP client that is AWS STS and DynamoDB: the key of an owner is
// AKID and the values of its tags. It notes whose key signed each request to DynamoDB,
// and the tags of each role that was assumed.
type roles struct {
	refuse bool
	signed []string
	tags   []string
}

func (r *roles) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("X-Amz-Target") != "" {
		_, key, _ := strings.Cut(req.Header.Get("Authorization"), "Credential=")
		key, _, _ = strings.Cut(key, "/")
		r.signed = append(r.signed, key)
		return reply(200, `{}`)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	if r.refuse {
		return reply(403, `<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>`)
	}
	tags, values := "", ""
	for i := 1; form.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		value := form.Get(fmt.Sprintf("Tags.member.%d.Value", i))
		tags += " " + form.Get(fmt.Sprintf("Tags.member.%d.Key", i)) + "=" + value
		values += value
	}
	r.tags = append(r.tags, strings.TrimSpace(tags))
	return reply(200, fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKID%s</AccessKeyId>`+
		`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		values, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
}

// TestCallerRole: the requests for a caller's rows are signed by the caller's
// credentials where there is a role for them, and others by the function's.
func TestCallerRole(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{
		"arn:aws:iam::1:role/caller": "[AKIDann AKIDbob AKIDann AKIDEXAMPLE]",
		"":                           "[AKIDEXAMPLE AKIDEXAMPLE AKIDEXAMPLE AKIDEXAMPLE]",
	} {
		r := &roles{}
		data := datastore.New([]datastore.Driver{dynamotable.With(config("http://scripted.invalid", &http.Client{Transport: r}))}, &datastore.Options{
			Lookup: func(name string) (string, bool) {
				if name == datastore.CallerRole {
					return role, role != ""
				}
				return "physical", true
			},
		})
		store := table.New[note](data, "notes")
		own := datastore.Use[table.Deleter[note]](function{}, store.PerCaller())
		whole := datastore.Use[table.Deleter[note]](function{}, store)
		for _, id := range []string{"ann", "bob", "ann"} {
			if err := own.Delete(datastore.WithCallerID(t.Context(), id), table.PK(id)); err != nil {
				t.Errorf("Delete for %s: %v", id, err)
			}
		}
		if err := whole.Delete(datastore.WithCallerID(t.Context(), "ann"), table.PK("x")); err != nil {
			t.Errorf("Delete of the whole table: %v", err)
		}
		if got := fmt.Sprint(r.signed); got != want {
			t.Errorf("with the role %q the requests are signed by %s, want %s", role, got, want)
		}
	}
}

// TestTenantRole: the role of a tenant has the tenant's key as its tag and no other, that
// of a caller within one has both; an owner who is not there has none, and nothing is sent.
func TestTenantRole(t *testing.T) {
	t.Parallel()
	r := &roles{}
	data := datastore.New([]datastore.Driver{dynamotable.With(config("http://scripted.invalid", &http.Client{Transport: r}))}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "arn:aws:iam::1:role/caller", true },
	})
	store := table.New[note](data, "notes")
	tenants := datastore.Use[table.Deleter[note]](function{}, store.PerTenant())
	both := datastore.Use[table.Deleter[note]](function{}, store.PerCaller().PerTenant())
	for _, id := range []string{"acme", "a/b", "acme"} {
		ctx := datastore.WithCallerID(datastore.WithTenant(t.Context(), id), "ann")
		if err := tenants.Delete(ctx, table.PK(datastore.TenantKey(ctx)+"#x")); err != nil {
			t.Errorf("Delete for %s: %v", id, err)
		}
		if err := both.Delete(ctx, table.PK(datastore.TenantKey(ctx)+"#ann")); err != nil {
			t.Errorf("Delete for ann of %s: %v", id, err)
		}
	}
	if got, want := strings.Join(r.tags, ", "), "tenant=acme, caller=ann tenant=acme, tenant=a=2Fb, caller=ann tenant=a=2Fb"; got != want {
		t.Errorf("the roles were assumed with %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(r.signed), "[AKIDacme AKIDannacme AKIDa=2Fb AKIDanna=2Fb AKIDacme AKIDannacme]"; got != want {
		t.Errorf("the requests are signed by %s, want %s", got, want)
	}
	r.signed, r.tags = nil, nil
	for name, ctx := range map[string]context.Context{
		"nobody": t.Context(), "a caller": datastore.WithCallerID(t.Context(), "acme"), "no id": datastore.WithTenant(t.Context(), ""), "no tag": datastore.WithTenant(t.Context(), "a*"),
	} {
		for _, own := range []table.Deleter[note]{tenants, both} {
			if err := own.Delete(ctx, table.PK("acme#x")); !errors.Is(err, datastore.ErrDenied) {
				t.Errorf("Delete for %s: error = %v, want %v", name, err, datastore.ErrDenied)
			}
		}
	}
	if len(r.signed)+len(r.tags) > 0 {
		t.Errorf("sent %v and assumed %v, want nothing", r.signed, r.tags)
	}
}

// TestCallerRoleOfIndex: a query of an index that is narrowed to callers is signed by
// the caller's credentials.
func TestCallerRoleOfIndex(t *testing.T) {
	t.Parallel()
	type document struct {
		ID    int    `table:"id,pk"`
		Owner string `table:"owner,index=byOwner.pk"`
	}
	r := &roles{}
	data := datastore.New([]datastore.Driver{dynamotable.With(config("http://scripted.invalid", &http.Client{Transport: r}))}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "arn:aws:iam::1:role/caller", true },
	})
	own := datastore.Use[table.Querier[document]](function{}, table.New[document](data, "documents").Via("byOwner").PerCaller())
	for _, id := range []string{"ann", "bob"} {
		if _, err := own.Query(datastore.WithCallerID(t.Context(), id), table.Query{Key: table.PK(id)}); err != nil {
			t.Errorf("Query for %s: %v", id, err)
		}
	}
	if got := fmt.Sprint(r.signed); got != "[AKIDann AKIDbob]" {
		t.Errorf("the queries are signed by %s, want by those of ann and bob", got)
	}
}

func TestCallerRoleRefused(t *testing.T) {
	t.Parallel()
	r := &roles{refuse: true}
	data := datastore.New([]datastore.Driver{dynamotable.With(config("http://scripted.invalid", &http.Client{Transport: r}))}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "arn", true },
	})
	own := datastore.Use[table.Putter[note]](function{}, table.New[note](data, "notes").PerCaller())
	_, err := own.Put(datastore.WithCallerID(t.Context(), "ann"), note{"ann", ""})
	if !errors.Is(err, datastore.ErrDenied) || len(r.signed) > 0 {
		t.Errorf("Put whose role is refused: error = %v after %d requests, want %v after none", err, len(r.signed), datastore.ErrDenied)
	}
}

// TestCallerRoleOnServer assumes a role of a real server.
func TestCallerRoleOnServer(t *testing.T) {
	t.Parallel()
	at := servers.URL(t, "TIERKIT_TEST_MOTO")
	name := createTable(t, at, table.New[note](datastore.New(nil, nil), "notes").Spec().(table.Spec))
	data := withRole(config(at, nil), name)
	own := datastore.Use[interface {
		table.Putter[note]
		table.Getter[note]
	}](function{}, table.New[note](data, "notes").PerCaller())
	ctx := datastore.WithCallerID(context.WithoutCancel(t.Context()), "ann")
	if _, err := own.Put(ctx, note{"ann", "hers"}); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if got, err := own.Get(ctx, table.PK("ann"), table.Consistent()); err != nil || got.Text != "hers" {
		t.Errorf("Get = %+v, %v, want hers", got, err)
	}
}
