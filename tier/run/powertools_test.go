package run_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// utilities are those of Powertools for Python and TypeScript, as the features of their
// documentation list them, by the section of docs/powertools.md.
var utilities = []string{
	"Logger", "Tracer", "Metrics", "Event Handler: HTTP", "Event Handler: AppSync GraphQL", "Event Handler: AppSync Events",
	"Event Handler: Bedrock Agents", "Parameters", "Batch Processing", "Idempotency", "Feature Flags", "Parser", "Validation",
	"Event Source Data Classes", "Data Masking", "Streaming", "Middleware factory", "Typing", "JMESPath Functions",
	"Kafka Consumer", "Circuit Breaker", "Signer", "Metadata", "CloudFormation custom resources", "Environment variables",
}

// claim is a row of the page: what Powertools has, what there is here, and what shows it.
type claim struct {
	line          int
	theirs        string
	here, shownBy string
}

// TestPowertools: docs/powertools.md has every utility, claims nothing that no test and
// no how-to shows, says of the rest why not, and names nothing that is not there.
func TestPowertools(t *testing.T) {
	t.Parallel()
	sections, claims := powertools(t)
	if !slices.Equal(sections, utilities) {
		t.Errorf("docs/powertools.md has the sections %q, want %q", sections, utilities)
	}
	reason := regexp.MustCompile(`^(No|Not yet)\. (\S+ ){5}`)
	code := regexp.MustCompile("`([^`]+)`")
	page := regexp.MustCompile(`\]\((howto/[a-z-]+\.md)\)`)
	shows := regexp.MustCompile(`^([a-z0-9/]+)\.((?:Test|Example|Fuzz|Benchmark)\w*)$`)
	names := goNames{}
	shown := 0
	for _, c := range claims {
		n := 0
		for _, m := range code.FindAllStringSubmatch(c.shownBy, -1) {
			of := shows.FindStringSubmatch(m[1])
			switch {
			case of == nil:
				t.Errorf("docs/powertools.md:%d: %s is no test; write `folder.TestName`", c.line, m[1])
			case !names.has(t, of[1], of[2], true):
				t.Errorf("docs/powertools.md:%d: there is no %s", c.line, m[1])
			}
			n++
		}
		for _, m := range page.FindAllStringSubmatch(c.shownBy, -1) {
			if _, err := os.Stat(filepath.Join(root(t), "docs", filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("docs/powertools.md:%d: %v", c.line, err)
			}
			n++
		}
		shown += n
		if n == 0 && !reason.MatchString(c.here) {
			t.Errorf("docs/powertools.md:%d: %s: name what shows it, or say \"No.\" or \"Not yet.\" and why", c.line, c.theirs)
		}
		for _, m := range code.FindAllStringSubmatch(c.here, -1) {
			if folder, name := names.split(m[1]); folder != "" && !names.has(t, folder, name, false) {
				t.Errorf("docs/powertools.md:%d: %s does not declare %s", c.line, folder, name)
			}
		}
	}
	if len(claims) < 150 || shown < 150 {
		t.Errorf("docs/powertools.md has %d rows and %d names of tests", len(claims), shown)
	}
}

func powertools(t *testing.T) (sections []string, claims []claim) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "powertools.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if name, is := strings.CutPrefix(line, "## "); is {
			sections = append(sections, name)
		}
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| Powertools |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 3 {
			t.Errorf("docs/powertools.md:%d: %d cells, want 3", i+1, len(cells))
			continue
		}
		claims = append(claims, claim{i + 1, strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])})
	}
	return sections, claims
}

// goNames are what the Go files of folders declare, each read once: the tests by the
// folder, and the rest by the folder with a slash behind it.
type goNames map[string]map[string]bool

// folders of packages whose names the page has.
var folders = map[string]string{
	"middleware": "middleware", "otel": "middleware/otel", "handler": "handler", "handlertest": "handler/handlertest", "tier": "tier",
	"event": "tier/event", "datastore": "datastore", "secret": "datastore/secret", "config": "datastore/config", "key": "datastore/key",
	"blob": "datastore/blob", "queue": "datastore/queue", "identity": "datastore/identity",
}

// split is the folder of a name of Go, "" for what is none: "config.New[T]" is New of
// datastore/config, "middleware.LogOptions.Sample" a member of LogOptions.
func (goNames) split(text string) (folder, name string) {
	text, _, _ = strings.Cut(text, "[")
	pkg, name, ok := strings.Cut(text, ".")
	if !ok || !regexp.MustCompile(`^[A-Z]\w*(\.[A-Z]\w*)?$`).MatchString(name) {
		return "", ""
	}
	return folders[pkg], name
}

// has reports whether a folder declares a name, in its tests or beside them.
func (g goNames) has(t *testing.T, folder, name string, tests bool) bool {
	t.Helper()
	key := folder
	if !tests {
		key += "/"
	}
	if g[key] == nil {
		g[key] = declared(t, folder, tests)
	}
	return g[key][name]
}

// declared are functions and types with their methods and members, and what groups of
// constants and variables have.
func declared(t *testing.T, folder string, tests bool) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), filepath.FromSlash(folder), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") != tests {
			continue
		}
		addDeclared(t, all, file)
	}
	return all
}

func addDeclared(t *testing.T, all map[string]bool, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			all[receiver(d)+d.Name.Name] = true
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					all[spec.Name.Name] = true
					for _, member := range members(spec.Type) {
						all[spec.Name.Name+"."+member] = true
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						all[name.Name] = true
					}
				}
			}
		}
	}
}

// receiver is "T." of a method of T or *T, which may be generic.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	expr := d.Recv.List[0].Type
	for {
		switch of := expr.(type) {
		case *ast.StarExpr:
			expr = of.X
		case *ast.IndexExpr:
			expr = of.X
		case *ast.IndexListExpr:
			expr = of.X
		case *ast.Ident:
			return of.Name + "."
		default:
			return ""
		}
	}
}

// members are the fields of a struct and the methods of an interface.
func members(expr ast.Expr) (names []string) {
	var list *ast.FieldList
	switch of := expr.(type) {
	case *ast.StructType:
		list = of.Fields
	case *ast.InterfaceType:
		list = of.Methods
	default:
		return nil
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
