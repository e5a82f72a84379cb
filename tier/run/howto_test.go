package run_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pages of docs/howto are tested as they stand. A block of Go with package
// main is a program: it is built, declares without mistakes, and prints its
// template. Blocks that name a file without a folder are files beside the
// program; tests among them are run. Lines of a main.go elsewhere stand for the
// program there. Blocks of the language console are typed in
// as they are written, and what they show is what must come (transcript_test.go).
// Every other block of Go names the file that it is taken from.

// fence is one fenced block of a page.
type fence struct {
	line       int
	lang, file string // of the info string: "go tier/example_test.go"
	text       string
}

func fences(t *testing.T, page string) []fence {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []fence
	open := false
	for i, line := range strings.SplitAfter(string(text), "\n") {
		info, is := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case is && open:
			open = false
		case is:
			lang, file, _ := strings.Cut(info, " ")
			all = append(all, fence{line: i + 1, lang: lang, file: file})
			open = true
		case open:
			all[len(all)-1].text += line
		}
	}
	if open {
		t.Errorf("%s: the block of line %d has no end", filepath.Base(page), all[len(all)-1].line)
	}
	return all
}

// howto is a program of a page with what the page says about it.
type howto struct {
	name     string            // "local-1"
	pkg      string            // of a program that is not the page's own: "./examples/quickstart"
	files    map[string]string // by name: main.go and those beside it
	consoles []fence
}

// howtos are the programs of a page, each with the blocks up to the next one.
func howtos(t *testing.T, page string) []*howto {
	t.Helper()
	var all []*howto
	for _, f := range fences(t, page) {
		name := fmt.Sprintf("%s-%d", strings.TrimSuffix(filepath.Base(page), ".md"), len(all)+1)
		if pkg, is := strings.CutSuffix(f.file, "/main.go"); is && f.lang == "go" {
			all = append(all, &howto{name: name, pkg: "./" + pkg, files: map[string]string{}})
			continue
		}
		if f.lang == "go" && f.file == "" && strings.HasPrefix(f.text, "package main\n") {
			all = append(all, &howto{name: name, files: map[string]string{"main.go": f.text}})
			continue
		}
		beside := f.file != "" && !strings.Contains(f.file, "/")
		switch {
		case !beside && f.lang != "console":
		case all == nil:
			t.Errorf("%s:%d: the block belongs to no program above it", filepath.Base(page), f.line)
		case beside:
			all[len(all)-1].files[f.file] = f.text
		default:
			all[len(all)-1].consoles = append(all[len(all)-1].consoles, f)
		}
	}
	return all
}

func pages(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root(t), "docs", "howto", "*.md"))
	if err != nil || len(all) == 0 {
		t.Fatalf("the pages of docs/howto: %v, %v", all, err)
	}
	return all
}

// TestHowtoPrograms: the programs of the pages, and what the pages show of them.
func TestHowtoPrograms(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, h := range howtos(t, page) {
			t.Run(h.name, func(t *testing.T) {
				t.Parallel()
				for name, text := range h.files {
					if filepath.Ext(name) != ".go" {
						continue
					}
					if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
						t.Errorf("%s is not as gofmt writes it: %v", name, err)
					}
				}
				bin, dir := h.build(t), t.TempDir()
				stdout, stderr, status := output(t, "", bin, "template")
				var doc struct{ Resources map[string]any }
				if err := json.Unmarshal([]byte(stdout), &doc); err != nil || status != 0 || len(doc.Resources) == 0 {
					t.Fatalf("template: status %d, %v, %d resources\n%s", status, err, len(doc.Resources), stderr)
				}
				typeIn(t, bin, dir, h)
			})
		}
	}
}

// build builds the program in a folder of the module that is not there, and
// runs its tests if it has some.
func (h *howto) build(t *testing.T) string {
	t.Helper()
	if h.pkg != "" {
		return buildTool(t, h.pkg)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	tests := false
	for name, text := range h.files {
		if ext := filepath.Ext(name); ext == ".go" || ext == ".sql" || ext == ".json" { // which are embedded
			writeFile(t, dir, name, text)
			replace[filepath.Join(root(t), "docs", "howto", h.name, name)] = filepath.Join(dir, name)
			tests = tests || strings.HasSuffix(name, "_test.go")
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "overlay.json", string(overlay))
	pkg, with := "./docs/howto/"+h.name, "-overlay="+filepath.Join(dir, "overlay.json")
	if tests { // compiled and run apart, for go test wants the folder to be there
		bin := filepath.Join(dir, "howto.test")
		goCommand(t, "test", "-c", "-vet=off", stripped, with, "-o", bin, pkg)
		if out, err := exec.Command(bin).CombinedOutput(); err != nil {
			t.Errorf("the tests of the page: %v\n%s", err, out)
		}
	}
	return built(t, pkg, func(bin string) *exec.Cmd { return exec.Command("go", "build", stripped, with, "-o", bin, pkg) })
}

// TestHowtoFragments: Go that is no program is taken from a file that is tested.
func TestHowtoFragments(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, f := range fences(t, page) {
			if f.lang != "go" || strings.HasPrefix(f.text, "package main\n") || f.file != "" && !strings.Contains(f.file, "/") {
				continue
			}
			at := fmt.Sprintf("%s:%d", filepath.Base(page), f.line)
			if f.file == "" {
				t.Errorf("%s: Go of no program; name the file that it is from: ```go tier/example_test.go", at)
				continue
			}
			text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(f.file)))
			if err != nil {
				t.Errorf("%s: %v", at, err)
				continue
			}
			if !occurs(string(text), f.text) {
				t.Errorf("%s: these lines are not in %s:\n%s", at, f.file, f.text)
			}
		}
	}
}

// occurs reports whether the lines of a fragment follow each other in a text,
// all indented by the same.
func occurs(text, fragment string) bool {
	lines, part := strings.Split(text, "\n"), strings.Split(strings.TrimRight(fragment, "\n"), "\n")
	for i := range lines[:max(0, len(lines)-len(part)+1)] {
		indent, found := strings.CutSuffix(lines[i], part[0])
		if !found || strings.TrimLeft(indent, "\t") != "" {
			continue
		}
		if slices.EqualFunc(lines[i:i+len(part)], part, func(line, of string) bool {
			return line == indent+of || of == "" && strings.TrimSpace(line) == ""
		}) {
			return true
		}
	}
	return false
}

// TestOccurs: a fragment is found as it is, and only so.
func TestOccurs(t *testing.T) {
	t.Parallel()
	const text = "func f() {\n\tif ok {\n\t\ta()\n\n\t\tb()\n\t}\n}\n"
	for fragment, want := range map[string]bool{
		"a()\n\nb()\n":                       true,
		"if ok {\n\ta()\n\n\tb()\n}\n":       true,
		"\tif ok {\n":                        true,
		"a()\nb()\n":                         false,
		"ok {\n":                             false,
		"if ok {\n\t\ta()\n":                 false,
		"if ok {\n\ta()\n\n\tb()\n}\n}\n}\n": false,
		text + text:                          false,
	} {
		if got := occurs(text, fragment); got != want {
			t.Errorf("occurs(%q) = %v, want %v", fragment, got, want)
		}
	}
}

// TestHowtoDifferences: bridges.md lists the events on which handler/proxy found
// a difference, and no others.
func TestHowtoDifferences(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	names := func(expr, text string) (all []string) {
		for _, m := range regexp.MustCompile(expr).FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return all
	}
	tested := names(`(?m)^\t\{"([A-Z]+: [^"]+)",.* map\[string\]string\{$`, read("handler/proxy/difference_test.go"))
	listed := names(`(?m)^\| ([A-Z]+: [^|]+) \|`, read("docs/howto/bridges.md"))
	if !slices.Equal(tested, listed) || len(tested) == 0 {
		t.Errorf("handler/proxy/difference_test.go has the differences %q, docs/howto/bridges.md lists %q", tested, listed)
	}
}
