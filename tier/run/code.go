//go:build !lambda.norpc

package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// codePackage is what go list says of a package that a function may reach.
type codePackage struct {
	Dir, ImportPath string
	Standard        bool
	Imports         []string
	Module          *struct {
		Path, Version, GoVersion string
		Replace                  *struct{ Path, Version string }
	}
	GoFiles, SFiles, HFiles, SysoFiles, EmbedFiles []string
}

// code are the packages of a program as it is built for Lambda.
type code struct {
	app      *tier.App
	main     *codePackage
	packages map[string]*codePackage // by import path
	folders  map[string]*codePackage // by folder
	sums     map[string]string       // of packages, by import path
}

// codeSums is what tells the code that functions reach apart, nil if no function has
// versions. Where there is no source to look at, it is the program itself for all of
// them.
func (p *program) codeSums(app *tier.App) (func(*tier.Function) string, error) {
	if !slices.ContainsFunc(app.Functions(), func(f *tier.Function) bool { return f.Rollout() != nil }) {
		return nil, nil
	}
	if why := p.noSource(); why != nil {
		sum, err := ownSum()
		fmt.Fprintf(p.stderr, "%v; every function gets a new version when this program is another one\n", why)
		return func(*tier.Function) string { return sum }, err
	}
	c, err := p.listCode(app)
	if err != nil {
		return nil, err
	}
	sums := map[*tier.Function]string{}
	for _, f := range app.Functions() {
		if sums[f], err = c.sum(f); err != nil {
			return nil, err
		}
	}
	return func(f *tier.Function) string { return sums[f] }, nil
}

// ownSum is the sum of this program.
func ownSum() (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("this program's own file: %w", err)
	}
	sum, err := sumOf(own)
	return hex.EncodeToString(sum[:]), err
}

// listCode asks the go command for the packages.
func (p *program) listCode(app *tier.App) (*code, error) {
	cmd := exec.Command("go", "list", "-deps", "-tags", functionTags(),
		"-json=Dir,ImportPath,Standard,Imports,Module,GoFiles,SFiles,HFiles,SysoFiles,EmbedFiles", ".")
	cmd.Dir = p.folder
	cmd.Env = append(cmd.Environ(), lambdaEnv(app)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	c := &code{app: app, packages: map[string]*codePackage{}, folders: map[string]*codePackage{}, sums: map[string]string{}}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg codePackage
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		c.packages[pkg.ImportPath], c.folders[pkg.Dir] = &pkg, &pkg
		c.main = &pkg // what is asked for comes after all that it needs
	}
	if c.main == nil {
		return nil, errors.New("go list: no package")
	}
	return c, nil
}

// declaredIn are the folders of the Go lines that declare a function.
func declaredIn(f *tier.Function) map[string]bool {
	folders := map[string]bool{}
	add := func(at datastore.Position) {
		if !at.IsZero() {
			folders[filepath.Dir(at.File)] = true
		}
	}
	add(f.At())
	for _, m := range f.Joined() {
		add(m.At())
	}
	add(f.DirectAt())
	if api := f.API(); api != nil {
		add(api.At())
	}
	for _, g := range f.Grants() {
		add(g.At)
	}
	for _, r := range f.Routes() {
		add(r.At())
	}
	for _, r := range f.SocketRoutes() {
		add(r.At())
	}
	for _, t := range f.Triggers() {
		add(t.At())
	}
	return folders
}

// reached are the packages that a function reaches: those in which it is declared, the
// main package, and what they import; but not what the main package alone imports and
// only other functions are declared in.
func (c *code) reached(f *tier.Function) map[string]bool {
	own, others := declaredIn(f), map[string]bool{}
	for _, other := range c.app.Functions() {
		maps.Copy(others, declaredIn(other))
	}
	reached := map[string]bool{}
	for folder := range own {
		pkg := c.folders[folder]
		if pkg == nil {
			pkg, others = c.main, nil // nobody knows where that is
		}
		if pkg != c.main {
			c.reach(pkg, reached)
		}
	}
	reached[c.main.ImportPath] = true
	for _, path := range c.main.Imports {
		if pkg := c.packages[path]; pkg != nil && !(others[pkg.Dir] && !own[pkg.Dir]) {
			c.reach(pkg, reached)
		}
	}
	return reached
}

func (c *code) reach(pkg *codePackage, reached map[string]bool) {
	if reached[pkg.ImportPath] {
		return
	}
	reached[pkg.ImportPath] = true
	for _, path := range pkg.Imports {
		if next := c.packages[path]; next != nil { // "C" and "unsafe" are none
			c.reach(next, reached)
		}
	}
}

// sum is the sum of what a function reaches.
func (c *code) sum(f *tier.Function) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\n", runtime.Version(), strings.Join(lambdaEnv(c.app), " "), functionTags())
	for _, path := range slices.Sorted(maps.Keys(c.reached(f))) {
		sum, err := c.packageSum(c.packages[path])
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s %s\n", path, sum)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:]), nil
}

// packageSum is the version of a package of which nobody changes the source, and the sum
// of its files for others.
func (c *code) packageSum(pkg *codePackage) (string, error) {
	m := pkg.Module
	switch {
	case m == nil: // of the standard library, which has the version of Go
		return "", nil
	case m.Replace != nil && m.Replace.Version != "":
		return m.Replace.Path + "@" + m.Replace.Version, nil
	case m.Replace == nil && m.Version != "":
		return m.Version, nil
	}
	if sum, known := c.sums[pkg.ImportPath]; known {
		return sum, nil
	}
	h := sha256.New()
	fmt.Fprintln(h, m.GoVersion)
	for _, name := range slices.Sorted(slices.Values(slices.Concat(pkg.GoFiles, pkg.SFiles, pkg.HFiles, pkg.SysoFiles, pkg.EmbedFiles))) {
		sum, err := sumOf(filepath.Join(pkg.Dir, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %x\n", name, sum)
	}
	c.sums[pkg.ImportPath] = hex.EncodeToString(h.Sum(nil))
	return c.sums[pkg.ImportPath], nil
}
