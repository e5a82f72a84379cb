package fileconfig_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/config/configtest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/fileconfig"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, source := range []config.Source{config.AppConfig, config.Parameter} {
		on := func(driver func(testing.TB) *fileconfig.Driver) configtest.Open {
			return func(t testing.TB, spec config.Spec, now func() time.Time) (*datastore.Data, configtest.Put) {
				d := driver(t)
				return datastore.New([]datastore.Driver{d}, &datastore.Options{Now: now}), func(t testing.TB, document []byte) {
					t.Helper()
					check(t, d.Set("", spec.Logical, document))
				}
			}
		}
		t.Run("memory as "+source.String(), func(t *testing.T) {
			t.Parallel()
			configtest.Run(t, source, on(func(testing.TB) *fileconfig.Driver { return fileconfig.Memory() }), configtest.Initial)
		})
		t.Run("folder as "+source.String(), func(t *testing.T) {
			t.Parallel()
			configtest.Run(t, source, on(func(t testing.TB) *fileconfig.Driver { return fileconfig.In(t.TempDir()) }), configtest.Initial, configtest.Immediate)
		})
	}
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEdited: a file is edited by hand, wrongly and then rightly, and removed.
func TestEdited(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := fileconfig.In(dir)
	var log strings.Builder
	data := datastore.New([]datastore.Driver{d}, &datastore.Options{Namespace: "shop"})
	perMinute := datastore.Use[config.Reader[int]](function{}, config.New(data, "perMinute", config.AppConfig, 60,
		&config.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}))
	file, err := d.File("shop", "perMinute")
	if err != nil || file != filepath.Join(dir, "shop", "config", "perMinute.json") {
		t.Fatalf("File = %q, %v", file, err)
	}
	for i, step := range []struct {
		write string
		want  int
	}{{"", 60}, {"1", 1}, {"22", 22}, {"223{", 22}, {"3", 3}, {"-", 60}} {
		switch step.write {
		case "":
		case "-":
			check(t, d.Remove("shop", "perMinute"))
		default:
			check(t, os.MkdirAll(filepath.Dir(file), 0o700))
			check(t, os.WriteFile(file, []byte(step.write), 0o600))
		}
		if got, err := perMinute.Get(t.Context()); err != nil || got != step.want {
			t.Errorf("step %d: Get = %d, %v, want %d", i, got, err, step.want)
		}
	}
	if strings.Count(log.String(), "an older configuration is served") != 1 || !strings.Contains(log.String(), "config perMinute") {
		t.Errorf("log = %s, want one line about the wrong document", &log)
	}
	for range 2 {
		check(t, d.Remove("shop", "perMinute"))
	}
}

// TestNames: no name leads out of the folder, and what is no JSON is not set.
func TestNames(t *testing.T) {
	t.Parallel()
	d := fileconfig.In(t.TempDir())
	for _, c := range []struct{ namespace, name string }{{"", ""}, {"", "../x"}, {"..", "x"}, {"a/b", "x"}, {"", "a.b"}} {
		for op, err := range map[string]error{"Set": d.Set(c.namespace, c.name, []byte("1")), "Remove": d.Remove(c.namespace, c.name)} {
			if err == nil || !strings.Contains(err.Error(), "write a letter") {
				t.Errorf("%s(%q, %q): error = %v, want one that says how to name it", op, c.namespace, c.name, err)
			}
		}
	}
	if err := d.Set("", "x", []byte("{")); err == nil {
		t.Error("Set of half a document: no error")
	}
}

func ExampleIn() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	configs := fileconfig.In(dir)
	fmt.Println(configs.Set("shop", "limits", []byte(`{"perMinute": 10}`)))
	file, err := configs.File("shop", "limits")
	text, _ := os.ReadFile(file)
	fmt.Println(string(text), err)
	// Output:
	// <nil>
	// {"perMinute": 10} <nil>
}
