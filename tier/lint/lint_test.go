package lint_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/lint"
)

var update = flag.Bool("update", false, "write the golden files")

func check(t *testing.T, newApp func(*datastore.Data) *tier.App) []lint.Finding {
	t.Helper()
	data := datastore.New(nil, nil)
	findings, err := lint.Check(newApp(data), data)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// TestBroken has a declaration for each rule, and what is found in it.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, name := range lint.Rules() {
		if broken[name] == nil {
			t.Errorf("the rule %s has no broken declaration", name)
		}
	}
	for name, newApp := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			findings := check(t, newApp)
			if !slices.ContainsFunc(findings, func(f lint.Finding) bool { return f.Rule == name }) {
				t.Errorf("the rule finds nothing")
			}
			var b strings.Builder
			for _, f := range findings {
				fmt.Fprintf(&b, "%s: %s: %s: %s: %s\n  fix: %s\n  see: %s\n", f.At.RelativeTo(folder), f.Level, f.Rule, f.On, f.Problem, f.Fix, f.Page)
				if f.At.IsZero() {
					t.Errorf("%s has no line", f.Rule)
				}
				if !strings.HasPrefix(f.Page, "https://docs.aws.amazon.com/") && !strings.HasPrefix(f.Page, "https://aws.amazon.com/") {
					t.Errorf("%s: the page %s is not one of AWS", f.Rule, f.Page)
				}
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), b.String()); d != "" {
				t.Errorf("%s (-want +got), go test -update writes it:\n%s", golden, d)
			}
		})
	}
}

// TestSound: declarations in which nothing is to be found, each next to what a rule is
// about.
func TestSound(t *testing.T) {
	t.Parallel()
	for name, newApp := range map[string]func(*datastore.Data) *tier.App{
		"a queue that is given up": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			tier.On(app.Function("worker"), queue.New[job](data, "jobs", queue.DeadLetter(5)), work, tier.BatchSize(10))
			return app
		},
		"a stream that goes on": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			failed := queue.New[job](data, "failed", queue.DeadLetter(5))
			tier.On(app.Function("worker"), table.New[job](data, "jobs").Changes(), changed, tier.Retries(3), tier.OnFailure(failed))
			return app
		},
		"another prefix": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			photos := blob.New(data, "photos")
			resize := app.Function("resize")
			datastore.Use[blob.Putter](resize, photos.Under("out/"))
			tier.On(resize, photos.Under("in/").Created(), created, tier.OnFailure(queue.New[job](data, "failed")))
			return app
		},
		"deletes what was created": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			photos := blob.New(data, "photos")
			clean := app.Function("clean")
			datastore.Use[blob.Deleter](clean, photos)
			tier.On(clean, photos.Created(), created, tier.OnFailure(queue.New[job](data, "failed")))
			return app
		},
		"takes only what it does not write": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			jobs := table.New[job](data, "jobs")
			worker := app.Function("worker")
			datastore.Use[table.Putter[job]](worker, jobs)
			tier.On(worker, jobs.Changes(), changed, tier.Retries(3), tier.OnFailure(queue.New[job](data, "failed")), tier.Filter(`{"eventName": ["REMOVE"]}`))
			return app
		},
		"may start itself": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			jobs := queue.New[job](data, "jobs", queue.DeadLetter(5))
			worker := app.Function("worker", tier.Recursive())
			datastore.Use[queue.Sender[job]](worker, jobs)
			tier.On(worker, jobs, work, tier.BatchSize(10))
			return app
		},
		"an API that asks": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders", tier.Timeout(20*time.Second))
			api.Authorize(tier.IAM())
			api.Throttle(100, 200)
			api.AccessLog(tier.AccessLog{})
			api.CORS(handler.CORS{Origins: []string{"https://app.example"}})
			api.Handle("POST /orders", handler.New(place))
			return app
		},
		"a private API": func(*datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders", tier.Private())
			api.Throttle(100, 200)
			api.AccessLog(tier.AccessLog{})
			api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow})
			api.Handle("POST /orders", handler.New(place))
			return app
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range check(t, newApp) {
				t.Errorf("%s: %s %s", f.Rule, f.On, f.Problem)
			}
		})
	}
}

// TestMistakes: a declaration that AWS would not take is no matter of findings.
func TestMistakes(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	if findings, err := lint.Check(app, data); err == nil || findings != nil {
		t.Errorf("%v, %v; want the mistake of an App without anything", findings, err)
	}
}
