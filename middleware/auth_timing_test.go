package middleware_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSecretsAreCompared: what is secret, or derived from it, is compared by functions
// whose time tells nothing of where it differs, and only after it was hashed, so that its
// length is not told either. Times cannot be tested; that no other comparison is there can.
func TestSecretsAreCompared(t *testing.T) {
	t.Parallel()
	keys, err := filepath.Glob("auth_key*.go")
	signatures, err2 := filepath.Glob("auth_signature*.go")
	if err != nil || err2 != nil || len(keys) == 0 || len(signatures) == 0 {
		t.Fatal(keys, signatures, err, err2)
	}
	files := append(keys, signatures...)
	constant := map[string]int{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok {
					call := pkg.Name + "." + n.Sel.Name
					if call == "subtle.ConstantTimeCompare" || call == "hmac.Equal" {
						constant[name]++
					}
					if slices.Contains([]string{"bytes.Equal", "bytes.Compare", "bytes.HasPrefix", "reflect.DeepEqual", "strings.Compare", "subtle.ConstantTimeEq"}, call) {
						t.Errorf("%s: %s", set.Position(n.Pos()), call)
					}
				}
			case *ast.BinaryExpr:
				if n.Op != token.EQL && n.Op != token.NEQ {
					return true
				}
				for _, side := range []ast.Expr{n.X, n.Y} {
					other := n.X
					if side == n.X {
						other = n.Y
					}
					if secretive(side) && !emptyText(other) {
						t.Errorf("%s: %s compares what is secret", set.Position(n.Pos()), n.Op)
					}
				}
			}
			return true
		})
	}
	for _, name := range []string{"auth_key_source.go", "auth_signature.go"} {
		if constant[name] != 1 {
			t.Errorf("%s compares in constant time %d times, want once, for everything", name, constant[name])
		}
	}
}

// secretive reports whether an expression has a name that secrets have here.
func secretive(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if _, ok := n.(*ast.CallExpr); ok { // such as len(key)
			return false
		}
		if id, ok := n.(*ast.Ident); ok && slices.Contains([]string{"Hash", "hash", "mac", "MACs", "want", "got", "key", "text", "token", "secrets"}, id.Name) {
			found = true
		}
		return !found
	})
	return found
}

func emptyText(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	id, isNil := e.(*ast.Ident)
	return ok && lit.Value == `""` || isNil && id.Name == "nil"
}
