package run_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// document is stored by every kind.
type document struct {
	ID string `json:"id" table:"id,pk"`
}

// everyKind is a store of each kind.
func everyKind(data *datastore.Data) []datastore.Store {
	users := identity.New(data, "users")
	return []datastore.Store{
		table.New[document](data, "s"), blob.New(data, "s"), cache.New[document](data, "s"),
		sqldb.New(data, "s", sqldb.Postgres), warehouse.New(data, "s", warehouse.Serverless),
		search.New[document](data, "s", search.Domain), queue.New[document](data, "s"),
		topic.New[document](data, "s"), stream.New[document](data, "s"),
		call.New[document, document](data, "s"), service.New(data, "s", nil),
		secret.New[document](data, "s", secret.Manager, nil), key.New(data, "s", nil),
		config.New(data, "s", config.AppConfig, document{}, nil), users, identity.NewExchange(data, "s", users), connection.New[document](data, "s"),
	}
}

// TestHowtoKinds: stores.md lists exactly the kinds that there are, each with
// exactly its capabilities.
func TestHowtoKinds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "howto", "stores.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{}
	for row := range strings.Lines(string(text)) {
		if strings.HasPrefix(row, "What follows from a grant:") { // another table
			break
		}
		if cells := strings.Split(row, " | "); strings.HasPrefix(row, "| `") && len(cells) == 5 {
			names := strings.FieldsFunc(cells[2], func(r rune) bool { return strings.ContainsRune(",; ", r) })
			listed[strings.Trim(cells[0], "| `")] = names
		}
	}
	offered := map[string][]string{}
	for _, s := range everyKind(datastore.New(nil, nil)) {
		kind := s.Spec().Kind()
		for _, c := range s.Capabilities() {
			name, _, _ := strings.Cut(c.Type.Name(), "[")
			offered[kind] = append(offered[kind], name)
		}
	}
	for kind, want := range offered {
		if got := listed[kind]; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: stores.md lists %q, want %q", kind, got, want)
		}
		if _, err := os.Stat(filepath.Join(root(t), "datastore", kind)); err != nil {
			t.Error(err)
		}
		delete(listed, kind)
	}
	if len(listed) > 0 {
		t.Errorf("stores.md lists kinds that there are not: %v", listed)
	}
}

// TestHowtoDrivers: the pages name every driver that there is.
func TestHowtoDrivers(t *testing.T) {
	t.Parallel()
	for page, folders := range map[string][]string{
		"README.md":            {"iam", "vpc", "embedded"},
		"docs/howto/stores.md": {"iam", "vpc", "embedded"},
		"docs/fidelity.md":     {"iam", "vpc"},
	} {
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range folders {
			drivers, err := filepath.Glob(filepath.Join(root(t), "datastore", folder, "*", "*.go"))
			if err != nil || len(drivers) == 0 {
				t.Fatal(folder, err)
			}
			for _, file := range drivers {
				name := filepath.Base(filepath.Dir(file))
				if filepath.Base(file) == name+".go" && !strings.Contains(string(text), name+"`") {
					t.Errorf("%s does not name the driver %s", page, name)
				}
			}
		}
	}
}
