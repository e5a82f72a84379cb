package run_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mayPanic are the documented panics of the library: a programmer's mistake at
// declaration, or a panic of the application that is passed on.
var mayPanic = map[string]string{
	"datastore/embedded/filebucket/serve_get.go":      "http.ErrAbortHandler cuts an answer whose length was announced",
	"datastore/embedded/sqlwarehouse/sqlwarehouse.go": "a driver without a function that opens databases is a programmer's mistake",
	"datastore/sqldb/migrate/migrate.go":              "the options of a database without migrations are a programmer's mistake",
	"datastore/grant.go":                              "Use must return a handle, so a wrong C panics",
	"middleware/declare.go":                           "a wrong declaration, as datastore.Use tells it",
	"middleware/otel/otel.go":                         "and so is one of a tracer",
	"tier/trigger.go":                                 "On and Forward without an App to report it have nowhere else to say so",
	"tier/run/run.go":                                 "a foreign panic in newApp is passed on",
	"handler/cors.go":                                 "a wrong CORS is a programmer's mistake; tier checks it first",
	"handler/http_middleware.go":                      "http.ErrAbortHandler is net/http's word for a middleware of net/http",
	"handler/http_server.go":                          "http.ErrAbortHandler is how net/http cuts an answer off",
	"handler/http_writer.go":                          "an invalid status panics as in net/http, and is caught",
	"middleware/invocation.go":                        "http.ErrAbortHandler is passed on",
	"handler/schema/decode.go":                        "decoding into another type than the plan's is a programmer's mistake",
	"handler/schema/encode.go":                        "and so is encoding another type",
	"tier/local/stream.go":                            "http.ErrAbortHandler is how net/http is told to break a connection off",
}

// forTests are packages that only tests import.
var forTests = regexp.MustCompile(`^(handler/handlertest|datastore/datatest|datastore/[a-z]+/[a-z]+test|datastore/internal/.*)/`)

// TestLibraryCode keeps out what a library must not do.
func TestLibraryCode(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string, text []byte) {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata/") || strings.HasPrefix(path, "examples/") || forTests.MatchString(path) {
			return
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, 0)
		if err != nil {
			t.Error(err)
			return
		}
		at := func(n ast.Node) string { return fset.Position(n.Pos()).String() }
		for _, imp := range file.Imports {
			switch {
			case imp.Path.Value == `"log"`:
				t.Errorf("%s: imports log; log/slog takes the logger as a value", at(imp))
			case imp.Name != nil && imp.Name.Name == "_" && imp.Path.Value != `"embed"` && imp.Path.Value != `"time/tzdata"`:
				t.Errorf("%s: blank import", at(imp))
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s: init", at(n))
				}
				if use := ownMethodValue(n); use != nil {
					t.Errorf("%s: a method value of the method that it is in; write a function literal", at(use))
				}
			case *ast.CallExpr:
				checkCall(t, path, at(n), n)
			}
			return true
		})
	})
}

// ownMethodValue is where a method is used as a value within itself, nil for nowhere, if
// what it returns can hold its receiver. Compilers up to Go 1.27 then take it that the
// receiver does not escape, and what it points to can be on a stack that is gone.
func ownMethodValue(method *ast.FuncDecl) (use ast.Node) {
	if method.Recv == nil || method.Type.Results == nil || method.Body == nil || len(method.Recv.List[0].Names) == 0 {
		return nil
	}
	holds := slices.ContainsFunc(method.Type.Results.List, func(result *ast.Field) bool {
		id, ok := result.Type.(*ast.Ident)
		return !ok || id.Name != "bool" && id.Name != "int"
	})
	if !holds {
		return nil
	}
	called := map[ast.Expr]bool{}
	ast.Inspect(method.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			called[n.Fun] = true
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if ok && id.Name == method.Recv.List[0].Names[0].Name && n.Sel.Name == method.Name.Name && !called[n] {
				use = n
			}
		}
		return true
	})
	return use
}

// TestOwnMethodValue: the check finds what it is there for.
func TestOwnMethodValue(t *testing.T) {
	t.Parallel()
	for body, found := range map[string]bool{
		"(f form) of(v any) any { return each(v, f.of) }":                                   true,
		"(f form) of(v any) any { return each(v, func(v any) any { return f.of(v) }) }":     false,
		"(f form) of(v any) any { return f.of(f.other) }":                                   false,
		"(f form) of(v list) bool { return slices.ContainsFunc(v, f.of) }":                  false,
		"(f form) of(v, w form) (form, error) { g := v.of; if w.is(f.of) { return g(w) } }": true,
		"of(v any) any { return each(v, f.of) }":                                            false,
		"(f form) of(v any) any { return v.of }":                                            false,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc "+body, 0)
		if err != nil {
			t.Fatal(err)
		}
		if use := ownMethodValue(file.Decls[0].(*ast.FuncDecl)); (use != nil) != found {
			t.Errorf("%s: found is %v, want %v", body, use != nil, found)
		}
	}
}

func checkCall(t *testing.T, path, at string, call *ast.CallExpr) {
	t.Helper()
	if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" && mayPanic[path] == "" {
		t.Errorf("%s: panic in library code", at)
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok {
		return
	}
	switch {
	case pkg.Name == "fmt" && strings.HasPrefix(sel.Sel.Name, "Print"):
		t.Errorf("%s: fmt.%s in library code; write to a given io.Writer", at, sel.Sel.Name)
	case pkg.Name == "os" && (sel.Sel.Name == "Getenv" || sel.Sel.Name == "Environ"):
		t.Errorf("%s: os.%s; the environment comes in as a lookup", at, sel.Sel.Name)
	}
}
