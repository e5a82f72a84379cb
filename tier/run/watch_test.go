package run_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// watched is a program of two packages and an embedded file, in a module of its
// own.
var watched = map[string]string{
	"main.go": `package main

import (
	"context"

	"example.com/watched/greet"
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type visit struct {
	ID string ` + "`json:\"id\" table:\"id,pk\"`" + `
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("watched")
	api := app.API("hello")
	visits := datastore.Use[table.Putter[visit]](api, table.New[visit](data, "visits"))
	api.Handle("GET /hello", handler.New(func(ctx context.Context, _ struct{}) (string, error) {
		_, err := visits.Put(ctx, visit{"1"})
		return greet.Text(), err
	}))
	return app
}

func main() { run.Main(newApp) }
`,
	"greet/greet.go": `package greet

import _ "embed"

//go:embed text.txt
var text string

func Text() string { return "one " + text }
`,
	"greet/text.txt": "paper",
}

// copyProgram writes the program, with the requirements of this module.
func copyProgram(t *testing.T) string {
	t.Helper()
	return copyFiles(t, watched)
}

// copyFiles writes a program of a module of its own.
func copyFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	own := strings.TrimSuffix(module, "/")
	mod := strings.Replace(read("go.mod"), "module "+own, "module example.com/watched", 1)
	mod += "\nrequire " + own + " v0.0.0\n\nreplace " + own + " => " + root(t) + "\n"
	writeFile(t, dir, "go.mod", mod)
	writeFile(t, dir, "go.sum", read("go.sum"))
	for name, text := range files {
		writeFile(t, dir, name, text)
	}
	return dir
}

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWatch: a changed source is served anew on the same port with the same
// data, a broken one leaves the old program serving, and nothing is left behind.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir, work := copyProgram(t), t.TempDir()
	bin := buildIn(t, dir)
	p := start(t, []string{"TMPDIR=" + work, "GOFLAGS=", "GOWORK=off"}, bin, "serve", "-watch", "-port", "0", "-door", "http")
	url := urlIn(p.until(t, "API hello as an HTTP API on http://127.0.0.1:"))
	want := func(text string) {
		t.Helper()
		if status, body, _ := fetch(t, http.MethodGet, url+"/hello"); status != 200 || !strings.Contains(body, text) {
			t.Errorf("GET = %d %s, want %q\n%s", status, body, text, p.stderr)
		}
	}
	again := func() {
		t.Helper()
		if line := p.until(t, "API hello as"); urlIn(line) != url {
			t.Errorf("%q is not on %s", line, url)
		}
		p.until(t, "Ctrl-C")
	}
	p.until(t, "Ctrl-C")
	want("one paper")

	writeFile(t, dir, "greet/greet.go", strings.Replace(watched["greet/greet.go"], "one", "two", 1))
	again()
	want("two paper")

	writeFile(t, dir, "greet/text.txt", "rock")
	again()
	want("two rock")

	writeFile(t, dir, "greet/greet.go", "package greet\n\nfunc Text() string { return 7 }\n")
	p.until(t, "watch: the build failed; the old program keeps serving")
	want("two rock")
	if !strings.Contains(p.stderr.String(), "greet.go:3") {
		t.Errorf("the line of the mistake is not told:\n%s", p.stderr)
	}

	// The next program imports a package that comes after it.
	writeFile(t, dir, "greet/greet.go", "package greet\n\nimport \"example.com/watched/deep/words\"\n\nfunc Text() string { return words.Text }\n")
	p.until(t, "watch: the build failed; the old program keeps serving")
	writeFile(t, dir, "deep/words/words.go", "package words\n\nconst Text = \"three\"\n")
	again()
	want("three")

	writeFile(t, dir, "main.go", strings.Replace(watched["main.go"], "GET /hello", "GET hello", 1))
	p.until(t, "watch: the declaration is wrong; the old program keeps serving")
	want("three")
	if !regexp.MustCompile(`main\.go:\d+: pattern "GET hello"`).MatchString(p.stderr.String()) {
		t.Errorf("the mistake is not told:\n%s", p.stderr)
	}

	if status := p.stop(t); status != 0 {
		t.Errorf("exit status after an interrupt: %d\n%s", status, p.stderr)
	}
	if resp, err := http.Get(url); err == nil {
		resp.Body.Close()
		t.Error("something still serves")
	}
	left, err := os.ReadDir(work)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestWatchEnds: the program that serves ends with its supervisor, however that
// ends.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	dir := copyProgram(t)
	p := start(t, []string{"TMPDIR=" + t.TempDir(), "GOFLAGS=", "GOWORK=off"}, buildIn(t, dir), "serve", "-watch", "-port", "0")
	url := urlIn(p.until(t, "API hello as a REST API on http://127.0.0.1:"))
	p.until(t, "Ctrl-C")
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// Its output ends when the last process that could write it has ended.
	for {
		if _, err := p.stdout.ReadString('\n'); err != nil {
			break
		}
	}
	if resp, err := http.Get(url); err == nil {
		resp.Body.Close()
		t.Error("something still serves after the supervisor was killed")
	}
}

func buildIn(t *testing.T, dir string) string {
	t.Helper()
	return built(t, "watched "+dir, func(bin string) *exec.Cmd {
		cmd := exec.Command("go", "build", stripped, "-o", bin, ".")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		return cmd
	})
}

// TestServeCheck: what is wrong is said without serving.
func TestServeCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bin, args string
		status    int
		want      string
	}{
		{"./examples/quickstart", "serve -check", 0, ""},
		{"./examples/quickstart", "serve -check -door back", 1, `-door "back"`},
		{"./tier/run/testdata/mistakes", "serve -check", 1, "main.go:28: table no-key"},
	} {
		stdout, stderr, status := output(t, "", buildTool(t, tt.bin), strings.Fields(tt.args)...)
		if status != tt.status || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s %s: status %d, %q %q; want %d %q", tt.bin, tt.args, status, stdout, stderr, tt.status, tt.want)
		}
	}
}

// TestServeStdin: a server that was told to ends with its standard input.
func TestServeStdin(t *testing.T) {
	t.Parallel()
	_, stderr, status := output(t, "something\n", buildTool(t, "./examples/quickstart"), "serve", "-stdin", "-port", "0", "-dir", t.TempDir())
	if status != 0 {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestWatchStores: each program takes over all stores from the one before it, and
// none of them is left when the last ends.
func TestWatchStores(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	from := filepath.Join(root(t), pantryPackage)
	if err := filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, from+"/")] = string(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	dir, data := copyFiles(t, files), t.TempDir()
	p := start(t, []string{"GOFLAGS=", "GOWORK=off"}, buildIn(t, dir), "serve", "-watch", "-port", "0", "-dir", data)
	url := urlIn(p.until(t, "API shelf as a REST API on"))
	p.until(t, "Ctrl-C")
	for _, step := range []struct{ path, body string }{{"/notes/a", `{"text":"salt"}`}, {"/photos/a", `{"text":"salt"}`}, {"/jars/a", `{"grams":7}`}} {
		if status := ask(t, "PUT", url+step.path, step.body, nil); status/100 != 2 {
			t.Fatalf("PUT %s = %d\n%s", step.path, status, p.stderr)
		}
	}
	writeFile(t, dir, "stores.go", strings.ReplaceAll(files["stores.go"], "return out, err", "out.Grams++\n\treturn out, err"))
	p.until(t, "API shelf as a REST API on")
	p.until(t, "Ctrl-C")
	var got struct {
		Text  string
		Grams int
	}
	for _, path := range []string{"/notes/a", "/photos/a"} {
		if status := ask(t, "GET", url+path, "", &got); status != 200 || got.Text != "salt" {
			t.Errorf("GET %s of the next program = %d %+v\n%s", path, status, got, p.stderr)
		}
	}
	if status := ask(t, "GET", url+"/jars/a", "", &got); status != 200 || got.Grams != 8 {
		t.Errorf("GET /jars/a of the next program = %d %+v, want 8 grams\n%s", status, got, p.stderr)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status after an interrupt: %d\n%s", status, p.stderr)
	}
	again := servePantry(t, data, nil) // with the lock of the folder
	if status := ask(t, "GET", again.shelf+"/jars/a", "", &got); status != 200 || got.Grams != 7 {
		t.Errorf("GET /jars/a afterwards = %d %+v, want 7 grams\n%s", status, got, again.stderr)
	}
}
