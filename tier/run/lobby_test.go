package run_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// lobby is the program lobby, as it serves itself.
type lobby struct {
	*process
	desk, staff, bar string // host:port of its APIs
	ids              *local.Identities
	said             string // of identities and of who is asked
}

func serveLobby(t *testing.T, dir string, args ...string) *lobby {
	t.Helper()
	l := &lobby{process: start(t, nil, buildTool(t, "./tier/run/testdata/lobby"), append([]string{"serve", "-port", "0", "-dir", dir}, args...)...)}
	l.desk = strings.TrimPrefix(urlIn(l.until(t, "http://127.0.0.1:")), "http://")
	for _, at := range []*string{&l.staff, &l.bar} {
		_, address, _ := strings.Cut(l.until(t, "ws://127.0.0.1:"), "ws://")
		*at, _, _ = strings.Cut(address, ",")
	}
	for {
		line, err := l.stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after\n%s\nstderr:\n%s", err, l.said, l.stderr)
		}
		if strings.HasPrefix(line, "data:") {
			break
		}
		l.said += line
	}
	ids, err := local.ReadIdentities(filepath.Join(dir, "identities.json"))
	if err != nil {
		t.Fatal(err)
	}
	l.ids = ids
	return l
}

// presigned is the URL of a handshake, signed with the keys.
func presigned(t *testing.T, address string, keys sigv4.Credentials) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := sigv4.NewSigner("execute-api", "us-east-1", nil).Presign(r, time.Minute, keys)
	if err != nil {
		t.Fatal(err)
	}
	return "ws" + strings.TrimPrefix(u.String(), "http")
}

// enter connects and asks "who"; the status is that of the handshake.
func enter(t *testing.T, url string) (status int, who string) {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), url, nil)
	if resp == nil {
		t.Fatalf("dial: %v", err)
	}
	if err != nil {
		return resp.StatusCode, ""
	}
	defer func() { _ = c.CloseNow() }()
	say(t, c, `{"action":"who"}`)
	_, data, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// register puts a guest on the list, with an API key.
func (l *lobby) register(t *testing.T, key, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.desk+"/guests", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// post calls @connections without a signature.
func post(t *testing.T, address string) int {
	t.Helper()
	resp, err := http.Post("http://"+address+"/@connections/AAA%3D", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestServeLobby is WSK-05, WSK-12: the first start makes keys for who signs and
// values for the API keys, says who is asked about what without a secret, and lets
// in whom IAM or the authorizer lets in.
func TestServeLobby(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	l := serveLobby(t, dir)
	keys, file := l.ids.Callers[0].Credentials, filepath.Join(dir, "identities.json")
	for _, want := range []string{
		"API desk: API keys porter, waiter; their values are in " + file,
		"WebSocket API staff: handshakes and calls of @connections are signed for service execute-api in region us-east-1 by:",
		keys.AccessKey + "  may call $connect, POST @connections, GET @connections, DELETE @connections",
		"WebSocket API bar: authorizer door is asked about each handshake",
		"API menu: authorizer users fetches the keys of https://id.example.com when the first token comes",
	} {
		if !strings.Contains(l.said, want) {
			t.Errorf("no %q in\n%s", want, l.said)
		}
	}
	if len(l.ids.APIKeys) != 2 || l.ids.APIKeys[0].Value == l.ids.APIKeys[1].Value {
		t.Fatalf("API keys %v", l.ids.APIKeys)
	}
	if status := l.register(t, "", `{"token":"t","name":"eve"}`); status != 403 {
		t.Errorf("without an API key: %d", status)
	}
	for _, body := range []string{`{"token":"t0ken","name":"ada"}`, `{"token":"bad","name":"banned"}`} {
		if status := l.register(t, l.ids.APIKeys[1].Value, body); status != 200 {
			t.Errorf("with an API key: %d", status)
		}
	}
	for _, tt := range []struct {
		why, url string
		status   int
		want     string
	}{
		{"signed", presigned(t, l.staff, keys), 101, developerARN},
		{"not signed", "ws://" + l.staff + "/live", 403, ""},
		{"with another secret", presigned(t, l.staff, sigv4.Credentials{AccessKey: keys.AccessKey, Secret: "guessed-guessed-guessed"}), 403, ""},
		{"signed for another API", strings.Replace(presigned(t, l.bar, keys), l.bar, l.staff, 1), 403, ""},
		{"on the list", "ws://" + l.bar + "/live?token=t0ken", 101, "ada 7"},
		{"banned", "ws://" + l.bar + "/live?token=bad", 403, ""},
		{"unknown", "ws://" + l.bar + "/live?token=other", 401, ""},
		{"no token", "ws://" + l.bar + "/live", 401, ""},
	} {
		if status, who := enter(t, tt.url); status != tt.status || !strings.Contains(who, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", tt.why, status, who, tt.status, tt.want)
		}
	}
	for _, address := range []string{l.staff, l.bar} {
		if status := post(t, address); status != 403 {
			t.Errorf("a call of @connections that is not signed: %d", status)
		}
	}
	if status := l.stop(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, secret := range []string{keys.Secret, l.ids.APIKeys[0].Value, l.ids.APIKeys[1].Value, "t0ken", "X-Amz-Signature"} {
		if strings.Contains(l.said+l.stderr.String(), secret) {
			t.Errorf("%s is told:\n%s\n%s", secret, l.said, l.stderr)
		}
	}

	if err := os.WriteFile(file, []byte(`{"apiKeys":[{"name":"porter","value":"value-of-the-porters-key"}],
		"issuers":{"users":{"jwks":"http://127.0.0.1:5000/keys"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	l = serveLobby(t, dir)
	for _, want := range []string{
		"API desk: API keys porter; their values are in " + file,
		`API desk: nobody has the API keys waiter; write each with a name and a value into "apiKeys" of ` + file,
		"nobody; write users into the file of identities",
		"API menu: authorizer users takes the tokens of https://id.example.com by the keys at http://127.0.0.1:5000/keys, as " + file + " says",
		"WebSocket API bar: @connections is open to every program of this machine; in AWS its calls are signed",
	} {
		if !strings.Contains(l.said, want) {
			t.Errorf("no %q in\n%s", want, l.said)
		}
	}
	if status, _ := enter(t, presigned(t, l.staff, keys)); status != 403 {
		t.Errorf("keys that are in the file no more: %d", status)
	}
}

// TestServeConnectionsSigned: an API that everybody may connect to asks for
// signatures of @connections if a file of identities was asked for.
func TestServeConnectionsSigned(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "who.json")
	if err := os.WriteFile(file, []byte(`{"users":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args   []string
		said   string
		status int
	}{
		{nil, "WebSocket API chat: @connections is open to every program of this machine", 410},
		{[]string{"-identities", file}, "WebSocket API chat: calls of @connections are signed for service execute-api", 403},
	} {
		p := start(t, nil, buildTool(t, "./tier/run/testdata/chat"), append([]string{"serve", "-port", "0", "-dir", filepath.Join(t.TempDir(), "data")}, tt.args...)...)
		_, address, _ := strings.Cut(p.until(t, "ws://127.0.0.1:"), "ws://")
		address, _, _ = strings.Cut(address, ",")
		p.until(t, "WebSocket API chat: everybody may connect")
		p.until(t, tt.said)
		if status := post(t, address); status != tt.status {
			t.Errorf("%v: %d, want %d", tt.args, status, tt.status)
		}
	}
}

// lobbyScript connects as a program of another implementation does: with a URL that
// botocore signs.
const lobbyScript = `
import sys
import botocore.auth, botocore.awsrequest, botocore.credentials
from websockets.sync.client import connect
from websockets.exceptions import InvalidStatus
staff, bar, key, secret = sys.argv[1:]

def presigned(secret, expires=60):
    r = botocore.awsrequest.AWSRequest(method="GET", url="http://" + staff + "/live")
    botocore.auth.SigV4QueryAuth(botocore.credentials.Credentials(key, secret), "execute-api", "us-east-1", expires=expires).add_auth(r)
    return r.prepare().url.replace("http://", "ws://")

def refused(url, status):
    try:
        connect(url)
    except InvalidStatus as e:
        if e.response.status_code != status:
            sys.exit("%s: %d, want %d" % (url, e.response.status_code, status))
    else:
        sys.exit("let in: " + url)

with connect(presigned(secret)) as c:
    c.send('{"action":"who"}')
    print(c.recv(timeout=10))
refused(presigned(secret + "x"), 403)
refused(presigned(secret).replace("X-Amz-Expires=60", "X-Amz-Expires=600"), 403)
refused("ws://" + staff + "/live", 403)
refused("ws://" + bar + "/live?token=unknown", 401)
`

// TestServeLobbyPython is WSK-05 with the clients websockets and botocore.
func TestServeLobbyPython(t *testing.T) {
	t.Parallel()
	python := clientPython(t)
	l := serveLobby(t, filepath.Join(t.TempDir(), "data"))
	keys := l.ids.Callers[0].Credentials
	out, err := exec.CommandContext(t.Context(), python, "-c", lobbyScript, l.staff, l.bar, keys.AccessKey, keys.Secret).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != developerARN+l.ids.Callers[0].UserID {
		t.Errorf("%v\n%s", err, out)
	}
}
