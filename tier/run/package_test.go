package run_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// packaging is the environment of programs in modules of their own.
var packaging = []string{"GOFLAGS=", "GOWORK=off"}

// quickstartCopy is the quickstart in a module of its own, and its program.
func quickstartCopy(t *testing.T) (dir, bin string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "examples", "quickstart", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir = copyFiles(t, map[string]string{"main.go": string(text)})
	return dir, buildIn(t, dir)
}

// TestPackage: two copies in two folders give the same bytes, of which the zip has the
// executable of a function and nothing else.
func TestPackage(t *testing.T) {
	t.Parallel()
	var zips, templates [][]byte
	var folder string
	for range 2 {
		dir, bin := quickstartCopy(t)
		folder = dir
		out := t.TempDir()
		stdout, stderr, status := outputWith(t, packaging, "", bin, "package", "-out", out)
		if status != 0 || stderr != "" {
			t.Fatalf("package: status %d\n%s", status, stderr)
		}
		files := readFolder(t, out)
		if len(files) != 2 {
			t.Errorf("package wrote %d files, want bootstrap.zip and template.json", len(files))
		}
		code := files["bootstrap.zip"]
		for _, want := range []string{
			fmt.Sprintf("sha256 %x\n", sha256.Sum256(code)),
			"  sam deploy --template-file " + out + "/template.json --resolve-s3 --stack-name shop --capabilities CAPABILITY_IAM\n",
		} {
			if !strings.Contains(stdout, want) {
				t.Errorf("package said\n%s\nwant %q in it", stdout, want)
			}
		}
		printed, _, _ := outputWith(t, packaging, "", bin, "template")
		if string(files["template.json"]) != printed {
			t.Error("the template is not that of the command template")
		}
		zips, templates = append(zips, code), append(templates, files["template.json"])
	}
	if !bytes.Equal(zips[0], zips[1]) || !bytes.Equal(templates[0], templates[1]) {
		t.Error("two copies gave different files")
	}
	checkBootstrap(t, zips[1], folder, elf.EM_AARCH64)
}

// TestPackageForX86: the executable and the template have the architecture that is declared.
func TestPackageForX86(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root(t), "examples", "quickstart", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	const line = `app := tier.New("shop")`
	dir := copyFiles(t, map[string]string{"main.go": strings.Replace(string(text), line, line+"\n\tapp.Architecture(tier.X86)", 1)})
	out := t.TempDir()
	if _, stderr, status := outputWith(t, packaging, "", buildIn(t, dir), "package", "-out", out); status != 0 {
		t.Fatalf("package: status %d\n%s", status, stderr)
	}
	files := readFolder(t, out)
	checkBootstrap(t, files["bootstrap.zip"], dir, elf.EM_X86_64)
	var doc struct {
		Resources map[string]struct {
			Type       string
			Properties struct{ Architectures []string }
		}
	}
	if err := json.Unmarshal(files["template.json"], &doc); err != nil {
		t.Fatal(err)
	}
	if got := doc.Resources["OrdersFunction"].Properties.Architectures; !slices.Equal(got, []string{"x86_64"}) {
		t.Errorf("the template says %v, want x86_64", got)
	}
}

// checkBootstrap looks at the executable in a zip, which was built in the folder.
func checkBootstrap(t *testing.T, code []byte, folder string, machine elf.Machine) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(code), int64(len(code)))
	if err != nil || len(r.File) != 1 {
		t.Fatalf("the zip: %v, %d files, want one", err, len(r.File))
	}
	f := r.File[0]
	if f.Name != "bootstrap" || f.Mode() != 0o755 || !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the zip has %s, mode %v, of %v; want bootstrap, mode 0755, of 1980", f.Name, f.Mode(), f.Modified)
	}
	opened, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(opened)
	if err != nil {
		t.Fatal(err)
	}
	program, err := elf.NewFile(bytes.NewReader(text))
	if err != nil || program.Machine != machine || program.Section(".symtab") != nil {
		t.Errorf("the executable: %v, %+v; want one of %v without symbols", err, program, machine)
	}
	libraries, err := program.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		t.Errorf("the executable needs the libraries %v (%v), want none", libraries, err)
	}
	for _, tool := range []string{"tier/template", "tier/local"} {
		if bytes.Contains(text, []byte(tool+".")) {
			t.Errorf("the executable has package %s in it", tool)
		}
	}
	if bytes.Contains(text, []byte(folder)) {
		t.Errorf("the executable has its folder %s in it", folder)
	}
}

// TestPackageForms: each form is written whole, with the commands that deploy it.
func TestPackageForms(t *testing.T) {
	t.Parallel()
	_, bin := quickstartCopy(t)
	for _, tt := range []struct {
		args, files, deploy string
	}{
		{"-yaml", "bootstrap.zip template.yaml", "sam deploy --template-file build/template.yaml "},
		{"-format cloudformation", "bootstrap.zip template.json", "aws cloudformation package --template-file build/template.json --s3-bucket BUCKET "},
		{"-format terraform", "bootstrap.zip main.tf.json stack.json", "terraform -chdir=build apply -var bucket=BUCKET"},
	} {
		at := t.TempDir()
		cmd := exec.Command(bin, append([]string{"package"}, strings.Fields(tt.args)...)...)
		cmd.Dir, cmd.Env = at, append(cleanEnv(), packaging...)
		said, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(said), tt.deploy) {
			t.Errorf("package %s: %v\n%s\nwant %q in it", tt.args, err, said, tt.deploy)
			continue
		}
		files := readFolder(t, filepath.Join(at, "build"))
		for _, name := range strings.Fields(tt.files) {
			if len(files[name]) == 0 {
				t.Errorf("package %s: no file %s", tt.args, name)
			}
		}
	}
}

// TestPackageFails: what is wrong is said, and nothing is written.
func TestPackageFails(t *testing.T) {
	t.Parallel()
	dir, bin := quickstartCopy(t)
	trimmed := filepath.Join(t.TempDir(), "trimmed")
	cmd := exec.Command("go", "build", "-trimpath", stripped, "-o", trimmed, ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), packaging...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build -trimpath: %v\n%s", err, said)
	}
	main, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, bin, want string
		env             []string
		before          func()
		args            []string
	}{
		{name: "no go command", bin: bin, env: []string{"PATH=" + t.TempDir()}, want: "there is no go command on the PATH"},
		{name: "built with -trimpath", bin: trimmed, want: "start it with go run"},
		{name: "an unknown form", bin: bin, args: []string{"-format", "cdk"}, want: `-format "cdk": write sam, cloudformation or terraform`},
		{name: "a build that fails", bin: bin, want: "undefined: nothing", before: func() {
			writeFile(t, dir, "main.go", string(main)+"\nvar _ = nothing\n")
		}},
		{name: "a folder that is gone", bin: bin, want: "which is not there", before: func() {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		if tt.before != nil {
			tt.before()
		}
		out := filepath.Join(t.TempDir(), "out")
		_, stderr, status := outputWith(t, append(tt.env, packaging...), "", tt.bin, append([]string{"package", "-out", out}, tt.args...)...)
		if status != 1 || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d, %q, want %q", tt.name, status, stderr, tt.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: something was written", tt.name)
		}
	}
}

// readFolder are the files of a folder by their names.
func readFolder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
