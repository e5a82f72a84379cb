package run_test

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

const developerARN = "arn:aws:iam::000000000000:user/developer"

// whoami asks the program who is calling, signed for a service if it is not "".
func whoami(t *testing.T, url, service string, keys sigv4.Credentials) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	if service != "" {
		if err := sigv4.NewSigner(service, "us-east-1", nil).Sign(r, sigv4.Hash(nil), keys); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestServeSigned: behind each front door that has IAM, the first start makes a
// user who may call, says so without a secret, and later starts keep the file.
func TestServeSigned(t *testing.T) {
	t.Parallel()
	for door, service := range map[string]string{"rest": "execute-api", "http": "execute-api", "url": "lambda"} {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			file := filepath.Join(dir, "identities.json")
			var keys sigv4.Credentials
			for _, first := range []bool{true, false} {
				p := start(t, nil, buildTool(t, "./tier/run/testdata/signed"), "serve", "-port", "0", "-dir", dir, "-door", door)
				if first {
					if line := p.until(t, "identities:"); !strings.Contains(line, "wrote "+file+" with the user developer") {
						t.Errorf("%q does not say what was written", line)
					}
				}
				url := urlIn(p.until(t, "http://127.0.0.1:"))
				said := p.until(t, "in region us-east-1") + p.until(t, "developer")
				ids, err := local.ReadIdentities(file)
				if err != nil {
					t.Fatal(err)
				}
				if again := ids.Callers[0].Credentials; !first && again != keys {
					t.Error("the second start made new keys")
				}
				keys = ids.Callers[0].Credentials
				if !strings.Contains(said, "for service "+service) || !strings.Contains(said, keys.AccessKey) || strings.Contains(said, keys.Secret) ||
					door != "url" && !strings.Contains(said, "may call GET /whoami, GET /secrets/{id}") {
					t.Errorf("who may call: %s", said)
				}
				if status, body := whoami(t, url, service, keys); status != 200 || body != developerARN {
					t.Errorf("signed: %d %q, want 200 %q", status, body, developerARN)
				}
				if status, body := whoami(t, url, "", keys); status != 403 {
					t.Errorf("unsigned: %d %q, want 403", status, body)
				}
				other := sigv4.Credentials{AccessKey: keys.AccessKey, Secret: "guessed"}
				if status, body := whoami(t, url, service, other); status != 403 {
					t.Errorf("with another secret: %d %q, want 403", status, body)
				}
				if status := p.stop(t); status != 0 {
					t.Errorf("exit status %d\n%s", status, p.stderr)
				}
				if strings.Contains(p.stderr.String(), keys.Secret) {
					t.Errorf("the secret is in the log:\n%s", p.stderr)
				}
			}
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != fs.FileMode(0o600) && runtime.GOOS != "windows" {
				t.Errorf("%s has mode %v", file, info.Mode())
			}
		})
	}
}

// TestServeIdentities is what serve says of the file it is given.
func TestServeIdentities(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	wrong := write("wrong.json", "{\n \"users\": [{\"name\": \"ada\"}],\n \"region\": 1\n}", 0o600)
	signed := buildTool(t, "./tier/run/testdata/signed")
	for name, c := range map[string]struct {
		bin  string
		args []string
		want []string
	}{
		"mistakes": {signed, []string{"-identities", wrong}, []string{
			wrong + ":2:12: users[0].accessKeyId: is missing", wrong + ":2:12: users[0].secretAccessKey: is missing", wrong + ":3:12: region: is a number; write a string"}},
		"no file, and nothing that needs one": {buildTool(t, "./examples/quickstart"), []string{"-identities", filepath.Join(dir, "none.json")}, []string{"-identities: ", "none.json: no such file"}},
		"a load balancer":                     {signed, []string{"-door", "alb"}, []string{"testdata/signed/main.go:21: route GET /whoami: a load balancer has no authorizer such as iam"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			_, stderr, status := output(t, "", c.bin, append([]string{"serve", "-port", "0", "-dir", data}, c.args...)...)
			for _, w := range c.want {
				if !strings.Contains(stderr, strings.TrimPrefix(w, "testdata/signed/")) {
					t.Errorf("no %q in\n%s", w, stderr)
				}
			}
			if _, err := os.Stat(filepath.Join(data, "identities.json")); status != 1 || err == nil {
				t.Errorf("status %d, or a file was written: %v", status, err)
			}
		})
	}
	open := write("open.json", `{"users":[]}`, 0o644)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, signed, "serve", "-port", "0", "-dir", filepath.Join(dir, "data"), "-identities", open)
	if line := p.until(t, "identities:"); runtime.GOOS != "windows" && !strings.Contains(line, "chmod 600 "+open) {
		t.Errorf("%q does not say that others can read the file", line)
	}
	p.until(t, "nobody; write users into")
}
