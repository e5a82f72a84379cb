//go:build !lambda.norpc

package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// sources are what a program is built from, as far as it belongs to the modules
// that are worked on.
type sources struct {
	packages map[string]bool // folders whose Go files count
	trees    map[string]bool // folders all of whose files count: of embedded ones
	files    map[string]bool // others: go.mod, go.sum, go.work
}

// listedPackage is what go list says of a package.
type listedPackage struct {
	Dir, ImportPath string
	Standard        bool
	EmbedFiles      []string
	Module          *struct {
		Path, Dir, GoMod string
		Main             bool
		Replace          *struct{ Version string }
	}
}

// listSources asks the go command, which also answers for a program that cannot
// be built.
func listSources(ctx context.Context, folder string, build []string) (*sources, error) {
	args := append([]string{"list", "-e", "-deps", "-json=Dir,ImportPath,Standard,EmbedFiles,Module"}, build...)
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	s := &sources{map[string]bool{folder: true}, map[string]bool{}, map[string]bool{}}
	modules := map[string]string{} // path to folder, of those that are worked on
	var unknown []string
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Dir == "" {
			unknown = append(unknown, p.ImportPath)
			continue
		}
		if m := p.Module; !p.Standard && m != nil && (m.Main || m.Replace != nil && m.Replace.Version == "") {
			modules[m.Path] = m.Dir
			s.add(p)
		}
	}
	for _, path := range unknown {
		s.expect(path, modules)
	}
	if work := goWork(ctx, folder); work != "" {
		s.files[work], s.files[work+".sum"] = true, true
	}
	return s, nil
}

func (s *sources) add(p listedPackage) {
	s.packages[p.Dir] = true
	for _, f := range p.EmbedFiles {
		s.trees[filepath.Dir(filepath.Join(p.Dir, filepath.FromSlash(f)))] = true
	}
	if mod := p.Module.GoMod; mod != "" {
		s.files[mod] = true
		s.files[strings.TrimSuffix(mod, ".mod")+".sum"] = true
	}
}

// expect watches for a package that is imported and not there yet: the nearest
// folder above it that is.
func (s *sources) expect(path string, modules map[string]string) {
	for module, dir := range modules {
		rest, below := strings.CutPrefix(path, module+"/")
		if !below {
			continue
		}
		at := filepath.Join(dir, filepath.FromSlash(rest))
		for at != dir {
			if info, err := os.Stat(at); err == nil && info.IsDir() {
				break
			}
			at = filepath.Dir(at)
		}
		s.packages[at] = true
	}
}

// goWork is the workspace file that the go command uses, "" for none.
func goWork(ctx context.Context, folder string) string {
	cmd := exec.CommandContext(ctx, "go", "env", "GOWORK")
	cmd.Dir = folder
	out, err := cmd.Output()
	if name := string(bytes.TrimSpace(out)); err == nil && name != "off" {
		return name
	}
	return ""
}

// folders are those to watch. The folders of files are among them, because
// editors replace a file by another of its name.
func (s *sources) folders() map[string]bool {
	all := maps.Clone(s.packages)
	maps.Copy(all, s.trees)
	for f := range s.files {
		all[filepath.Dir(f)] = true
	}
	return all
}

// counts reports whether a change of the file can change the program.
func (s *sources) counts(name string) bool {
	dir, base := filepath.Split(name)
	dir = filepath.Clean(dir)
	switch {
	case s.files[name], s.trees[dir]:
		return true
	case strings.HasPrefix(base, ".") || strings.HasSuffix(base, "_test.go"):
		return false
	}
	return filepath.Ext(base) == ".go" && s.packages[dir]
}
