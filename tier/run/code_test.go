package run_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rolled is a program of which each function is declared in a package of its own.
var rolled = map[string]string{
	"main.go": `package main

import (
	"example.com/watched/billing"
	"example.com/watched/orders"
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

func newApp(*datastore.Data) *tier.App {
	app := tier.New("shop")
	orders.Declare(app)
	billing.Declare(app)
	return app
}

func main() { run.Main(newApp) }
`,
	"orders/orders.go": `package orders

import (
	"context"

	"example.com/watched/text"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func Declare(app *tier.App) {
	app.API("orders", tier.Live(tier.Rollout{})).Handle("GET /orders", handler.New(func(context.Context, struct{}) (string, error) {
		return text.Text(), nil
	}))
}
`,
	"billing/billing.go": `package billing

import (
	"context"
	_ "embed"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

//go:embed rates.txt
var rates string

func Declare(app *tier.App) {
	app.API("billing", tier.Live(tier.Rollout{})).Handle("GET /bills", handler.New(func(context.Context, struct{}) (string, error) {
		return rates, nil
	}))
}
`,
	"billing/rates.txt": "7",
	"text/text.go":      "package text\n\nfunc Text() string { return \"one\" }\n",
	"text/more_test.go": "package text\n",
	"notes.md":          "nothing",
}

// versionsOf are the versions of the functions of a program, by function.
func versionsOf(t *testing.T, bin string, args ...string) (versions map[string]string, stderr string) {
	t.Helper()
	stdout, stderr, status := outputWith(t, packaging, "", bin, append([]string{"template", "-format", "cloudformation"}, args...)...)
	var doc struct {
		Resources map[string]struct{ Type string }
	}
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil || status != 0 {
		t.Fatalf("template: status %d, %v\n%s", status, err, stderr)
	}
	versions = map[string]string{}
	for id, r := range doc.Resources {
		if r.Type == "AWS::Lambda::Version" {
			function, version, _ := strings.Cut(id, "FunctionVersion")
			versions[function] = version
		}
	}
	return versions, stderr
}

// TestCodeSums: a function has a new version when the code that it reaches is another,
// and not for that of other functions.
func TestCodeSums(t *testing.T) {
	t.Parallel()
	dir := copyFiles(t, rolled)
	bin := buildIn(t, dir) // what is built then does not matter: the source is looked at
	first, stderr := versionsOf(t, bin)
	if len(first) != 2 || stderr != "" {
		t.Fatalf("versions %v, want two\n%s", first, stderr)
	}
	other, _ := versionsOf(t, buildIn(t, copyFiles(t, rolled)))
	if !maps.Equal(first, other) {
		t.Errorf("a copy has the versions %v, want %v", other, first)
	}
	for _, tt := range []struct{ file, old, text, want string }{
		{"notes.md", "nothing", "something", ""},
		{"text/more_test.go", "package text", "package text // tested", ""},
		{"text/text.go", "one", "two", "Orders"},
		{"orders/orders.go", "GET /orders", "GET /all-orders", "Orders"},
		{"billing/rates.txt", "7", "8", "Billing"},
		{"main.go", "app := tier", "print()\n\tapp := tier", "Billing Orders"},
	} {
		text := rolled[tt.file]
		writeFile(t, dir, tt.file, strings.Replace(text, tt.old, tt.text, 1))
		now, _ := versionsOf(t, bin)
		var changed []string
		for _, function := range slices.Sorted(maps.Keys(first)) {
			if now[function] != first[function] {
				changed = append(changed, function)
			}
		}
		if got := strings.Join(changed, " "); got != tt.want {
			t.Errorf("a change of %s gives new versions of %q, want %q", tt.file, got, tt.want)
		}
		writeFile(t, dir, tt.file, text)
	}
}

// TestCodeSumsWithoutSource: the program itself stands for its code, and says so.
func TestCodeSumsWithoutSource(t *testing.T) {
	t.Parallel()
	dir := copyFiles(t, rolled)
	bin := buildIn(t, dir)
	with, _ := versionsOf(t, bin)
	if err := os.Rename(dir, filepath.Join(t.TempDir(), "moved")); err != nil {
		t.Fatal(err)
	}
	without, stderr := versionsOf(t, bin)
	if !strings.Contains(stderr, "which is not there; every function gets a new version when this program is another one") {
		t.Errorf("stderr %q, want a word on the source", stderr)
	}
	again, _ := versionsOf(t, bin)
	if len(without) != 2 || maps.Equal(with, without) || !maps.Equal(without, again) {
		t.Errorf("versions %v with the source, %v and %v without", with, without, again)
	}
}

// TestCodeSumsJoined: a function that was joined is another one when the code of any of
// those is that it was declared as.
func TestCodeSumsJoined(t *testing.T) {
	t.Parallel()
	files := maps.Clone(rolled)
	files["billing/billing.go"] = strings.Replace(files["billing/billing.go"],
		`app.API("billing", tier.Live(tier.Rollout{})).Handle("GET /bills"`, `app.WebSocket("bills", tier.Live(tier.Rollout{})).Handle("show"`, 1)
	dir := copyFiles(t, files)
	bin := buildIn(t, dir)
	first, _ := versionsOf(t, bin, "-functions", "one")
	if len(first) != 1 {
		t.Fatalf("versions %v, want one", first)
	}
	for _, tt := range []struct{ file, old, text string }{{"text/text.go", "one", "two"}, {"billing/rates.txt", "7", "8"}} {
		writeFile(t, dir, tt.file, strings.Replace(files[tt.file], tt.old, tt.text, 1))
		if now, _ := versionsOf(t, bin, "-functions", "one"); maps.Equal(now, first) {
			t.Errorf("a change of %s gives no new version", tt.file)
		}
		writeFile(t, dir, tt.file, files[tt.file])
	}
}
