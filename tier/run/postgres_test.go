package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServePostgres: a PostgreSQL that main names with run.Local serves what is not
// portable, keeps it between runs and ends with the program.
func TestServePostgres(t *testing.T) {
	t.Parallel()
	serverURL(t, "TIERKIT_TEST_POSTGRES") // the machine that has the server has its programs, too
	bin := buildTool(t, "./tier/run/testdata/ledger")
	dir, err := os.MkdirTemp("", "tierkit-ledger") // below t.TempDir the user postgres cannot reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	var ran string
	for _, step := range []struct{ statement, want string }{
		{"INSERT INTO entries (id, cents) VALUES ('b', 41)", `{"cents":0}`},
		{"INSERT INTO entries (id, cents) VALUES ('b', 41)", "conflict"},
	} {
		p := start(t, nil, bin, "serve", "-port", "0", "-dir", data)
		line := p.until(t, ": Lambda on http://127.0.0.1:")
		url := strings.TrimSuffix(strings.Fields(line[strings.Index(line, "http://"):])[0], ",")
		in := mustJSON(t, map[string]any{"database": "main", "write": true, "statement": step.statement})
		if status, _, body := postPayload(t, url, "run", in); status != 200 || !strings.Contains(body, step.want) {
			t.Errorf("%s = %d %s, want %s\n%s", step.statement, status, body, step.want, p.stderr)
		}
		running := postmasters(t, data)
		if len(running) != 1 {
			t.Errorf("%d servers run, want 1: %v", len(running), running)
		}
		ran += strings.Join(running, "")
		if status := p.stop(t); status != 0 {
			t.Errorf("exit status %d\n%s", status, p.stderr)
		}
		if left := postmasters(t, data); len(left) != 0 {
			t.Errorf("after the program ended there is %v", left)
		}
	}
	stdout, stderr, status := output(t, "", bin, "migrate", "-dir", data, "main")
	if status != 0 || !strings.Contains(stdout, "database main: up to date, as always when it is opened here; applied are 0001_entries.sql, 0002_first.sql") {
		t.Errorf("migrate = %d %s%s", status, stdout, stderr)
	}
	if left := postmasters(t, data); ran == "" || len(left) != 0 {
		t.Errorf("after migrate there is %v", left)
	}
}

// postmasters are the files by which a server says that it runs.
func postmasters(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && filepath.Base(path) == "postmaster.pid" {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
