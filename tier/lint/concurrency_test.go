package lint_test

import (
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/lint"
)

// TestReserved: what is set apart for a function is how many connections it can hold.
func TestReserved(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts []tier.FunctionOption
		want bool
	}{
		"all of the account": {nil, true},
		"a few":              {[]tier.FunctionOption{tier.Reserved(20)}, false},
		"many":               {[]tier.FunctionOption{tier.Reserved(200)}, true},
	} {
		findings := check(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			report := app.Function("report", tt.opts...)
			datastore.Use[sqldb.Writer](report, sqldb.New(data, "main", sqldb.Postgres))
			report.Invoke(handler.New(place))
			return app
		})
		if got := found(findings, "connections", "sqldb main"); got != tt.want {
			t.Errorf("%s: found %v, want %v", name, got, tt.want)
		}
	}
}

// TestReservedURL: a URL at which everybody invokes a function that is limited is what was
// meant.
func TestReservedURL(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]tier.FunctionOption{nil, {tier.Reserved(5)}} {
		findings := check(t, func(*datastore.Data) *tier.App {
			app := tier.New("shop")
			f := app.API("orders").Function("live", append(opts, tier.URL(tier.FunctionURL{Auth: tier.URLPublic}))...)
			f.Handle("GET /orders", handler.New(get))
			return app
		})
		if got := found(findings, "open-url", "function live"); got != (len(opts) == 0) {
			t.Errorf("with %d limits: found %v", len(opts), got)
		}
	}
}

// TestStarted: a function that others start and do not wait for tells somebody of what
// is given up.
func TestStarted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		declare func(*datastore.Data, *tier.Function, *tier.Function)
		want    bool
	}{
		"started": {func(data *datastore.Data, api, report *tier.Function) {
			datastore.Use[call.Starter[job]](api, call.New[job, job](data, "report"))
			report.Invoke(handler.New(place))
		}, true},
		"started, and heard of": {func(data *datastore.Data, api, report *tier.Function) {
			datastore.Use[call.Starter[job]](api, call.New[job, job](data, "report"))
			report.Invoke(handler.New(place), tier.OnFailure(queue.New[string](data, "lost")))
		}, false},
		"called": {func(data *datastore.Data, api, report *tier.Function) {
			datastore.Use[call.Caller[job, job]](api, call.New[job, job](data, "report"))
			report.Invoke(handler.New(place))
		}, false},
	} {
		findings := check(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			clerk := app.Function("clerk")
			clerk.Invoke(handler.New(place))
			tt.declare(data, clerk, app.Function("report"))
			return app
		})
		if got := found(findings, "dead-letter", "function report"); got != tt.want {
			t.Errorf("%s: found %v, want %v", name, got, tt.want)
		}
	}
}

func found(findings []lint.Finding, rule, on string) bool {
	return slices.ContainsFunc(findings, func(f lint.Finding) bool { return f.Rule == rule && f.On == on })
}
