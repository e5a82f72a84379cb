package run_test

import (
	"strings"
	"testing"
)

const embeddedPath = "github.com/seed-18e8afb5/tierkit/datastore/embedded/"

// TestMissing: what a store lacks on localhost is said with what to write, by its
// first operation and before serving.
func TestMissing(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/bare")
	const local = "run.Local(func(dir string) datastore.Driver { return "
	dir := t.TempDir()
	p := start(t, nil, bin, "serve", "-port", "0", "-lambda", "0", "-dir", dir)
	var announced strings.Builder
	for !strings.Contains(announced.String(), "data: ") {
		announced.WriteString(p.until(t, ""))
	}
	for _, tt := range []struct {
		store    string
		operates []string // in the error of the operation
		serves   []string // in the line before serving; nil for no line
	}{
		{"portable",
			[]string{"no driver for stores of kind sqldb", local + "sqlitedb.In(dir) })", "//go:build !lambda.norpc", embeddedPath + "sqlitedb"},
			[]string{"sqldb portable has no driver on this machine", local + "sqlitedb.In(dir) })", embeddedPath + "sqlitedb", "main.go:44"}},
		{"mysql",
			[]string{"no driver for stores of kind sqldb", "sqldb.Portable()", embeddedPath + "sqlitedb"},
			[]string{"sqldb mysql has no driver on this machine", "sqldb.Portable()", embeddedPath + "sqlitedb"}},
		{"postgres",
			[]string{"TIERKIT_SQLDB_POSTGRES is not set"},
			[]string{"sqldb postgres has no driver on this machine", embeddedPath + "localpostgres", "sqldb.Portable()"}},
		{"sales",
			[]string{"no driver for stores of kind warehouse", "sqlwarehouse.Over(open)", embeddedPath + "sqlwarehouse"},
			[]string{"warehouse sales has no driver on this machine", embeddedPath + "sqlwarehouse"}},
		{"files", []string{"run the program by its command serve"}, nil},
		{"hush", []string{"go run . secret set hush"}, []string{"secret hush has no value: go run . secret set -dir " + dir + " hush"}},
		{"billing",
			[]string{"no driver for stores of kind service", "name one in run.Main", "set TIERKIT_SERVICE_BILLING"},
			[]string{"service billing has no driver on this machine", "TIERKIT_SERVICE_BILLING"}},
	} {
		stdout, stderr, status := output(t, `{"store":"`+tt.store+`"}`, bin, "invoke", "open")
		if status != 0 {
			t.Errorf("%s: status %d %s", tt.store, status, stderr)
		}
		for _, want := range tt.operates {
			if !strings.Contains(unquoted(stdout), want) {
				t.Errorf("%s: the operation answers %s, without %q", tt.store, stdout, want)
			}
		}
		line := lineWith(announced.String(), " "+tt.store+" ")
		if (line == "") != (tt.serves == nil) {
			t.Errorf("%s: before serving: %q, want %q", tt.store, line, tt.serves)
		}
		for _, want := range tt.serves {
			if !strings.Contains(line, want) {
				t.Errorf("%s: before serving: %q, without %q", tt.store, line, want)
			}
		}
	}
}

// unquoted is JSON as a person reads it.
func unquoted(text string) string {
	return strings.NewReplacer(`\"`, `"`, `\u003e`, ">", `\u0026`, "&").Replace(text)
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

// TestPostgresByAddress: a server that a variable names is lacking nothing. The
// folder that is meant by default is not named.
func TestPostgresByAddress(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/bare")
	p := start(t, []string{"TIERKIT_SQLDB_POSTGRES=postgres://127.0.0.1:1/shop"}, bin, "serve", "-port", "0", "-lambda", "0")
	var announced strings.Builder
	for !strings.Contains(announced.String(), "data: ") {
		announced.WriteString(p.until(t, ""))
	}
	if line := lineWith(announced.String(), "sqldb postgres"); line != "" {
		t.Errorf("announced: %q", line)
	}
	if line := lineWith(announced.String(), "secret hush"); !strings.Contains(line, "go run . secret set hush ") {
		t.Errorf("announced: %q", line)
	}
}

// TestMissingInAWS: what a store lacks in AWS is said before serving from there, and
// with the template of functions that could not use it.
func TestMissingInAWS(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/bare")
	p := start(t, []string{"AWS_REGION=eu-west-1", "TIERKIT_SECRET_HUSH=hush"}, bin, "serve", "-port", "0", "-lambda", "0", "-data", "aws")
	var announced strings.Builder
	for !strings.Contains(announced.String(), "data: ") {
		announced.WriteString(p.until(t, ""))
	}
	_, warned, status := output(t, "", bin, "template")
	if status != 0 {
		t.Errorf("template: status %d", status)
	}
	const drivers = "github.com/seed-18e8afb5/tierkit/datastore/"
	for _, tt := range []struct{ store, serves, warns string }{
		{"sqldb postgres", "is not known here: set TIERKIT_SQLDB_POSTGRES", ""},
		{"sqldb mysql", "name rdsmysql.Driver in run.Main, of package " + drivers + "vpc/rdsmysql", "name rdsmysql.Driver in run.Main"},
		{"blob files", "name s3blob.Driver in run.Main, of package " + drivers + "iam/s3blob", "so that function open could not use it: name s3blob.Driver"},
		{"secret hush", "name ssmsecret.Driver in run.Main", "name ssmsecret.Driver in run.Main"},
		{"warehouse sales", "name redshiftwarehouse.Driver in run.Main", "name redshiftwarehouse.Driver in run.Main"},
		{"secret wired-writer", "name smsecret.Driver in run.Main", "name smsecret.Driver in run.Main"},
		{"secret asked-writer", "is not known here: set TIERKIT_SECRET_ASKED_WRITER", ""}, // the Data API reads it
		{"warehouse wired", "name redshiftwire.Driver in run.Main", "name redshiftwire.Driver in run.Main"},
	} {
		if line := lineWith(announced.String(), tt.store+" "); !strings.Contains(line, tt.serves) || !strings.Contains(line, "main.go:") {
			t.Errorf("before serving: %q, want %q and the place", line, tt.serves)
		}
		if line := lineWith(warned, tt.store+" "); (line == "") != (tt.warns == "") || !strings.Contains(line, tt.warns) {
			t.Errorf("template warns %q, want %q", line, tt.warns)
		}
	}
	if line := lineWith(announced.String()+warned, "key pii "); line != "" {
		t.Errorf("said of a key that S3 alone uses: %q", line)
	}
}
