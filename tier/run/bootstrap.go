//go:build !lambda.norpc

package run

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// lambdaTags are the build tags of a function.
var lambdaTags = []string{"lambda.norpc", "validator_novalidatefn"}

// lambdaEnv is what the functions of an App are built for.
func lambdaEnv(app *tier.App) []string {
	arch := "arm64"
	if app.DeclaredArchitecture() == tier.X86 {
		arch = "amd64"
	}
	return []string{"GOOS=linux", "GOARCH=" + arch, "CGO_ENABLED=0"}
}

// functionTags are the tags that a function of this program is built with: those that
// this program was built with, and those of functions.
func functionTags() string {
	tags := slices.Clone(lambdaTags)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-tags" && s.Value != "" {
				tags = append(tags, strings.Split(s.Value, ",")...)
			}
		}
	}
	slices.Sort(tags)
	return strings.Join(slices.Compact(tags), ",")
}

// buildBootstrap builds the executable of the functions. Nothing of this machine is in
// it: no paths, no state of a repository, no symbols.
func (p *program) buildBootstrap(app *tier.App) ([]byte, error) {
	if err := p.noSource(); err != nil {
		return nil, fmt.Errorf("package: %w; start it with go run where its source is", err)
	}
	work, err := os.MkdirTemp("", "tierkit-package-*")
	if err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	bin := filepath.Join(work, "bootstrap")
	built, err := p.goBuild(app, bin)
	return built, errors.Join(err, os.RemoveAll(work))
}

// noSource is why this program's source cannot be looked at, nil if it can.
func (p *program) noSource() error {
	if !filepath.IsAbs(p.folder) {
		return errors.New("this program was built with -trimpath, so where its source is is not known")
	}
	if info, err := os.Stat(p.folder); err != nil || !info.IsDir() {
		return fmt.Errorf("the source of this program was in %s, which is not there", p.folder)
	}
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("there is no go command on the PATH (https://go.dev/doc/install)")
	}
	return nil
}

func (p *program) goBuild(app *tier.App, bin string) ([]byte, error) {
	cmd := exec.Command("go", "build", "-o", bin, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags", functionTags(), ".")
	cmd.Dir = p.folder
	cmd.Env = append(cmd.Environ(), lambdaEnv(app)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("package: go build (%s, tags %s): %w\n%s", strings.Join(lambdaEnv(app), " "), functionTags(), err, bytes.TrimSpace(said))
	}
	return os.ReadFile(bin)
}

// zipTime is when all files of a zip were changed: the first time that a zip knows, so
// that the same executable gives the same zip.
var zipTime = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// zipBootstrap is a zip with the executable, as Lambda's custom runtimes want it.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/golang-package.html
func zipBootstrap(executable []byte) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: zipTime}
	header.SetMode(0o755)
	file, err := w.CreateHeader(header)
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	if _, err := file.Write(executable); err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	return b.Bytes(), nil
}
