package run_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

const deployedPackage = "./tier/run/testdata/deployed"

// told is what CloudFormation is told.
type told struct {
	Status, Reason                                            string
	PhysicalResourceID, StackID, RequestID, LogicalResourceID string
}

// cloudFormation awaits answers.
type cloudFormation struct {
	url     string
	ca      string // file of the certificate to trust
	answers chan told
}

func newCloudFormation(t *testing.T) cloudFormation {
	t.Helper()
	c := cloudFormation{ca: filepath.Join(t.TempDir(), "ca.pem"), answers: make(chan told, 1)}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var o told
		if err == nil {
			err = json.Unmarshal(body, &o)
		}
		if _, typed := req.Header["Content-Type"]; err != nil || typed || req.Method != "PUT" || len(body) > 4096 || req.URL.RawQuery != "X-Amz-Signature=abc" {
			t.Errorf("%s %s with %v, %d bytes: %s %v", req.Method, req.URL, req.Header, len(body), body, err)
		}
		c.answers <- o
	}))
	t.Cleanup(server.Close)
	c.url = server.URL + "/answer?X-Amz-Signature=abc"
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(c.ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// event is what CloudFormation sends to a function.
func (c cloudFormation) event(t *testing.T, request string) []byte {
	t.Helper()
	e := map[string]any{
		"RequestType": request, "ResponseURL": c.url, "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
		"RequestId": "request-1", "ResourceType": "Custom::Deployment", "LogicalResourceId": "MigrateMainDeployment",
		"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:migrate", "ResourceProperties": map[string]any{"Version": "1", "ServiceTimeout": "960"},
	}
	if request != "Create" {
		e["PhysicalResourceId"] = "migrations-of-x"
	}
	return []byte(mustJSON(t, e))
}

// deployment is the function that migrates one database, in a process of its own.
type deployment struct {
	cloudFormation
	rt *handlertest.Runtime
	p  *process
}

// deploy starts the binary of a program as the function that migrates a database.
func deploy(t *testing.T, database string, env []string, files map[string]string) deployment {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := newCloudFormation(t)
	p, rt := function(t, buildFunction(t, deployedPackage), append(env, "_HANDLER=migrate/"+database, "MIGRATIONS="+dir, "SSL_CERT_FILE="+c.ca)...)
	return deployment{c, rt, p}
}

// send is what CloudFormation is told about an event.
func (d deployment) send(t *testing.T, request string, time time.Time) told {
	t.Helper()
	result, err := d.rt.InvokeUntil(t.Context(), time, d.event(t, request))
	if err != nil || result.FunctionError != "" || string(result.Payload) != "null" {
		t.Fatalf("%s: %+v, %v\n%s", request, result, err, d.p.end())
	}
	select {
	case o := <-d.answers:
		if o.StackID == "" || o.RequestID != "request-1" || o.LogicalResourceID != "MigrateMainDeployment" || strings.Contains(o.Reason, notSecret) {
			t.Errorf("%s: %+v", request, o)
		}
		return o
	default:
		t.Fatalf("%s: no answer\n%s", request, d.p.end())
		return told{}
	}
}

const (
	firstFile  = "CREATE TABLE entries (id VARCHAR(64) PRIMARY KEY, cents INTEGER NOT NULL); INSERT INTO entries (id, cents) VALUES ('first', 1);"
	secondFile = "ALTER TABLE entries ADD COLUMN note VARCHAR(10);"
	wrongFile  = "INSERT INTO entries (id, cents) VALUES ('second', 2); ALTER TABLE entrys ADD COLUMN tax INTEGER;"
)

// TestDeployment: on real servers the binary of a function answers the events of
// CloudFormation: migrations and users are made, a wrong migration fails with its
// statement, older code finds the database ahead, and to a removal nothing happens.
func TestDeployment(t *testing.T) {
	t.Parallel()
	for database, open := range map[string]func(*testing.T, string) ledger{"main": postgresLedger, "books": mysqlLedger} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			l := open(t, "TIERKIT_SQLDB_"+strings.ToUpper(database))
			env := append(l.env, "TIERKIT_SECRET_"+strings.ToUpper(database)+"_MASTER="+l.master)
			soon := func() time.Time { return time.Now().Add(time.Minute) }
			one := map[string]string{"0001_entries.sql": firstFile}
			two := map[string]string{"0001_entries.sql": firstFile, "0002_note.sql": secondFile}
			wrong := map[string]string{"0001_entries.sql": firstFile, "0002_note.sql": secondFile, "0003_tax.sql": wrongFile}

			old := deploy(t, database, env, one)
			if o := old.send(t, "Create", soon()); o.Status != "SUCCESS" || o.PhysicalResourceID != "migrations-of-"+database {
				t.Fatalf("Create = %+v\n%s", o, old.p.end())
			}
			fresh := deploy(t, database, env, two)
			for range 2 { // CloudFormation may ask twice
				if o := fresh.send(t, "Update", soon()); o.Status != "SUCCESS" || o.PhysicalResourceID != "migrations-of-x" {
					t.Fatalf("Update = %+v\n%s", o, fresh.p.end())
				}
			}
			bad := deploy(t, database, env, wrong)
			o := bad.send(t, "Update", soon())
			for _, want := range []string{"database " + database, "0003_tax.sql", "statement 2", "entrys"} {
				if o.Status != "FAILED" || !strings.Contains(o.Reason, want) {
					t.Errorf("Update with a wrong migration = %+v, want %q in the reason", o, want)
				}
			}
			if o := old.send(t, "Update", soon()); o.Status != "SUCCESS" {
				t.Errorf("rolled back to older code = %+v", o)
			}
			old.applied(t, l, database)
			if o := old.send(t, "Delete", soon()); o.Status != "SUCCESS" || o.Reason != "" {
				t.Errorf("Delete = %+v", o)
			}
		})
	}
}

// applied checks what the users of the database may do in it.
func (d deployment) applied(t *testing.T, l ledger, database string) {
	t.Helper()
	_, rt := function(t, buildFunction(t, deployedPackage), append(l.env, "_HANDLER=run", "MIGRATIONS="+t.TempDir())...)
	for _, step := range []struct {
		write           bool
		statement, want string
	}{
		{true, "INSERT INTO entries (id, cents, note) VALUES ('b', 41, 'x')", `{"cents":0}`},
		{false, "SELECT SUM(cents) FROM entries WHERE id <> 'second'", `{"cents":42}`},
		{true, "CREATE TABLE more (id INTEGER)", "denied"},
	} {
		in := mustJSON(t, map[string]any{"database": database, "write": step.write, "statement": step.statement})
		result, err := rt.Invoke(t.Context(), []byte(in))
		if err != nil || !strings.Contains(string(result.Payload), step.want) {
			t.Errorf("%s = %s %v, want %s", step.statement, result.Payload, err, step.want)
		}
	}
}

// TestDeploymentFails: there is an answer when the time is over, when the database is
// not there, and when the function has not what it needs.
func TestDeploymentFails(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	nowhere := strings.TrimPrefix(closed.URL, "http://")
	none := map[string]string{"0001_entries.sql": firstFile}
	for name, tt := range map[string]struct {
		env   func(ledger) []string
		files map[string]string
		time  time.Duration
		want  string
	}{
		"no time":     {func(l ledger) []string { return l.env }, map[string]string{"0001_slow.sql": "SELECT pg_sleep(60);"}, 8 * time.Second, "the time of the function was over: database main: migration 0001_slow.sql"},
		"no database": {func(l ledger) []string { return append(l.env, "TIERKIT_SQLDB_MAIN=postgres://"+nowhere+"/main") }, none, time.Minute, "database main: log in as the owner"},
		"no address":  {func(l ledger) []string { return append(l.env, "TIERKIT_SQLDB_MAIN=") }, none, time.Minute, "TIERKIT_SQLDB_MAIN is not set"},
		"wrong login": {func(l ledger) []string {
			return append(l.env, "TIERKIT_SECRET_MAIN_MASTER="+motoServer(t).secret(t, "wrong", `{"username":"nobody","password":"`+notSecret+`"}`))
		}, none, time.Minute, "log in as the owner"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := postgresLedger(t, "TIERKIT_SQLDB_MAIN")
			l.env = append(l.env, "TIERKIT_SECRET_MAIN_MASTER="+l.master)
			d := deploy(t, "main", tt.env(l), tt.files)
			if o := d.send(t, "Create", time.Now().Add(tt.time)); o.Status != "FAILED" || !strings.Contains(o.Reason, tt.want) {
				t.Errorf("Create = %+v, want %q\n%s", o, tt.want, d.p.end())
			}
			if o := d.send(t, "Delete", time.Now().Add(time.Minute)); o.Status != "SUCCESS" {
				t.Errorf("Delete = %+v", o)
			}
		})
	}
}

// TestDeploymentFunction: what else invokes the function is an error of it, and so is
// an answer that nobody takes.
func TestDeploymentFunction(t *testing.T) {
	t.Parallel()
	d := deploy(t, "main", nil, map[string]string{"0001_entries.sql": firstFile})
	plain := strings.Replace(string(d.event(t, "Delete")), "https://", "http://", 1)
	for name, payload := range map[string]string{"another payload": `{"foo":1}`, "an address without TLS": plain} {
		result, err := d.rt.Invoke(t.Context(), []byte(payload))
		if err != nil || result.FunctionError == "" {
			t.Errorf("%s = %+v, %v, want a function error", name, result, err)
		}
	}
	if log := d.p.end(); strings.Contains(log, "X-Amz-Signature") || !strings.Contains(log, "no event of CloudFormation") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestDeploymentCommands: the commands that say what is deployed know of it.
func TestDeploymentCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "0001_entries.sql"), []byte(firstFile), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"MIGRATIONS=" + dir}
	for _, tt := range []struct {
		args   string
		status int
		want   []string
	}{
		{"template", 0, []string{`"MigrateMainDeployment"`, `"Handler": "migrate/books"`}},
		{"policy", 0, []string{"function migrate/main (MigrateMainRole)", "secretsmanager:GetSecretValue\n     on ${MainSqldb.MasterUserSecret.SecretArn}"}},
	} {
		stdout, stderr, status := outputWith(t, env, "", buildTool(t, deployedPackage), strings.Fields(tt.args)...)
		for _, want := range tt.want {
			if status != tt.status || !strings.Contains(stdout+stderr, want) {
				t.Errorf("%s = %d, want %q\n%.2000s", tt.args, status, want, stdout+stderr)
			}
		}
	}
	_, stderr, status := output(t, "", buildTool(t, "./tier/run/testdata/ledger"), "template")
	if status != 0 || !strings.Contains(stderr, "sqldb main: no deployment applies its migrations") {
		t.Errorf("template of plain files = %d %s", status, stderr)
	}
	_, stderr, status = outputWith(t, env, "", buildTool(t, "./tier/run/testdata/deployed/bare"), "template")
	if status != 1 || !strings.Contains(stderr, "secret owner") || !strings.Contains(stderr, "name one in run.Main") {
		t.Errorf("template without drivers = %d %s", status, stderr)
	}
}
