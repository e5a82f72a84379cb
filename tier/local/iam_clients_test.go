package local_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// wire is a signed request as its client would send it.
type wire struct {
	Method string
	URL    string
	Header map[string]string
	Body   string
}

// send sends w to the server, whatever its host says.
func (w wire) send(t *testing.T, server string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), w.Method, w.URL, strings.NewReader(w.Body))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range w.Header {
		if !strings.EqualFold(name, "Host") {
			r.Header.Set(name, v)
		}
	}
	r.URL.Scheme, r.URL.Host = "http", server
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// liveKeys are good now: the clients have the clock of the machine.
func liveKeys() []sigv4.Credentials {
	session := cleoKeys
	session.Expires = time.Now().Add(time.Hour)
	return []sigv4.Credentials{adaKeys, session}
}

// signedServer serves a route with IAM for everything, on the real clock.
func signedServer(t *testing.T) string {
	t.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("/{path...}", noop, tier.IAM())
	ids := whoMayCall(t, mayAll)
	for i, keys := range liveKeys() {
		ids.Callers[i].Credentials = keys
	}
	g, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering(`{}`)} }, &local.Options{Identities: ids})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, g)
}

// targets are paths and queries that clients spell in several ways.
var targets = []string{
	"/orders", "/orders/", "/orders/a%20b", "/orders/a%2Bb", "/orders/a+b", "/orders/x%2Fy", "/orders/%C3%A9%F0%9F%98%80", "/orders/a-._~b",
	"/orders/%28c%29%2A%21%27", "/orders/a:b@c$d,e;f=g", "/orders?empty=", "/orders?valueless", "/orders?a=2&a=1&A=3&b=", "/orders?q=a%20b%2Bc%26d",
	"/orders?%C3%A9=%E1%88%B4", "/orders?z=1&a=2&aa=3&a-b=4", "/orders?path=%2Fa%2Fb&url=https%3A%2F%2Fh%2F",
}

// signingClient signs requests as one program does.
type signingClient struct {
	name      string
	presigns  bool
	normalize bool // it signs a path with double slashes as one without
	sign      func(t *testing.T, requests []toSign) []wire
}

// toSign is what a client is asked to sign.
type toSign struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Body    string            `json:"body"`
	Key     string            `json:"key"`
	Secret  string            `json:"secret"`
	Token   string            `json:"token"`
	Presign bool              `json:"presign"`
	Header  map[string]string `json:"header"`
}

func signingClients() []signingClient {
	return []signingClient{
		{"aws-sdk-go-v2", true, false, signBySDK},
		{"botocore", true, true, signByBotocore},
		{"curl", false, false, signByCurl},
	}
}

func signBySDK(t *testing.T, requests []toSign) []wire {
	var all []wire
	signer := v4.NewSigner()
	for _, q := range requests {
		r, err := http.NewRequestWithContext(t.Context(), q.Method, q.URL, strings.NewReader(q.Body))
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range q.Header {
			r.Header.Set(name, v)
		}
		keys := aws.Credentials{AccessKeyID: q.Key, SecretAccessKey: q.Secret, SessionToken: q.Token}
		w := wire{Method: q.Method, URL: q.URL, Body: q.Body, Header: map[string]string{}}
		header := r.Header
		if q.Presign {
			query := r.URL.Query()
			query.Set("X-Amz-Expires", "60")
			r.URL.RawQuery = query.Encode()
			if w.URL, header, err = signer.PresignHTTP(t.Context(), keys, r, sigv4.Hash([]byte(q.Body)), "execute-api", "eu-central-1", time.Now()); err != nil {
				t.Fatal(err)
			}
		} else if err := signer.SignHTTP(t.Context(), keys, r, sigv4.Hash([]byte(q.Body)), "execute-api", "eu-central-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		for name := range header {
			w.Header[name] = header.Get(name)
		}
		all = append(all, w)
	}
	return all
}

const botocoreSigner = `
import json, sys
import botocore.auth, botocore.awsrequest, botocore.credentials
answers = []
for q in json.load(sys.stdin):
    c = botocore.credentials.Credentials(q["key"], q["secret"], q["token"] or None)
    r = botocore.awsrequest.AWSRequest(method=q["method"], url=q["url"], data=q["body"].encode(), headers=q["header"])
    if q["presign"]:
        botocore.auth.SigV4QueryAuth(c, "execute-api", "eu-central-1", expires=60).add_auth(r)
    else:
        botocore.auth.SigV4Auth(c, "execute-api", "eu-central-1").add_auth(r)
    p = r.prepare()
    header = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in p.headers.items()}
    answers.append({"Method": q["method"], "URL": p.url, "Header": header, "Body": q["body"]})
json.dump(answers, sys.stdout)
`

// missing skips the test for want of a program, or fails where all are required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
		t.Fatalf("%s, and TIERKIT_TEST_SERVERS=require", what)
	}
	t.Skip(what)
}

func signByBotocore(t *testing.T, requests []toSign) []wire {
	python := os.Getenv("TIERKIT_TEST_PYTHON")
	if python == "" {
		missing(t, "TIERKIT_TEST_PYTHON is not set: not run against botocore")
	}
	text, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", botocoreSigner)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("botocore: %v\n%s", err, stderr.Bytes())
	}
	var all []wire
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// signByCurl sends requests to a server that only takes down what arrives.
func signByCurl(t *testing.T, requests []toSign) []wire {
	curl, err := exec.LookPath("curl")
	if err != nil {
		missing(t, "curl is not installed")
	}
	var all []wire
	for _, q := range requests {
		seen := make(chan wire, 1)
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			w := wire{Method: r.Method, URL: "http://" + r.Host + r.RequestURI, Header: map[string]string{}, Body: q.Body}
			for name := range r.Header {
				w.Header[name] = r.Header.Get(name)
			}
			seen <- w
		}))
		target, err := url.Parse(q.URL)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"-s", "-g", "--path-as-is", "-X", q.Method, "--aws-sigv4", "aws:amz:eu-central-1:execute-api", "--user", q.Key + ":" + q.Secret,
			"--connect-to", target.Host + ":80:" + strings.TrimPrefix(server.URL, "http://")}
		for name, v := range q.Header {
			args = append(args, "-H", name+": "+v)
		}
		if q.Token != "" {
			args = append(args, "-H", "X-Amz-Security-Token: "+q.Token)
		}
		if q.Body != "" {
			args = append(args, "--data-binary", q.Body)
		}
		out, err := exec.CommandContext(t.Context(), curl, append(args, q.URL)...).CombinedOutput()
		server.Close()
		if err != nil {
			t.Fatalf("curl: %v\n%s", err, out)
		}
		all = append(all, <-seen)
	}
	return all
}

// TestSigningClients: what real clients sign gets in, in all spellings (T230,
// T231, T234, SIG-02, SIG-03).
func TestSigningClients(t *testing.T) {
	t.Parallel()
	server := signedServer(t)
	for _, c := range signingClients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var requests []toSign
			for _, target := range c.targets() {
				for _, keys := range liveKeys() {
					for _, body := range []string{"", `{"a":"é"}`} {
						q := toSign{Method: "POST", URL: "http://api.example" + target, Body: body, Key: keys.AccessKey, Secret: keys.Secret, Token: keys.SessionToken,
							Header: map[string]string{"X-Probe": " a  b ", "Content-Type": "application/json"}}
						requests = append(requests, q)
						if q.Presign = true; c.presigns && body == "" {
							requests = append(requests, q)
						}
					}
				}
			}
			for i, w := range c.sign(t, requests) {
				if resp := w.send(t, server); resp.StatusCode != http.StatusOK {
					t.Errorf("%s %s (presigned %t): %d %s", w.Method, w.URL, requests[i].Presign, resp.StatusCode, value(resp.Header, "x-amzn-ErrorType"))
				}
			}
		})
	}
}

func (c signingClient) targets() []string {
	if c.name == "curl" {
		// curl signs a path and a query as they stand before its version 8.
		return []string{"/orders", "/orders/", "/orders/a-._~b", "/orders?a=1&b=2", "/orders?a=1&a=2"}
	}
	if c.normalize {
		return append([]string{"//orders//x//", "/orders/./x/../y"}, targets...)
	}
	// botocore signs a + as a plus, which the gateway reads as a space.
	return append([]string{"/orders?q=a+b&q=a%20b"}, targets...)
}

// tampering is what somebody changes on the way, and what he is told.
type tampering struct {
	name      string
	change    func(w *wire)
	errorType string
}

const (
	wrongSignature = "InvalidSignatureException"
	unknownClient  = "UnrecognizedClientException"
)

// everywhere changes what stands in the URL or in a header.
func everywhere(old, now string) func(*wire) {
	return func(w *wire) {
		w.URL = strings.ReplaceAll(w.URL, old, now)
		for name, v := range w.Header {
			w.Header[name] = strings.ReplaceAll(v, old, now)
		}
	}
}

var clockTime = regexp.MustCompile(`T\d{6}Z`)

// otherSecond is w at another second of the same day.
func otherSecond(w *wire) {
	turn := func(stamp string) string {
		last := byte('0')
		if stamp[6] == '0' {
			last = '1'
		}
		return stamp[:6] + string(last) + "Z"
	}
	w.URL = clockTime.ReplaceAllStringFunc(w.URL, turn)
	for name, v := range w.Header {
		w.Header[name] = clockTime.ReplaceAllStringFunc(v, turn)
	}
}

func tamperings() []tampering {
	return []tampering{
		{"nothing", func(*wire) {}, ""},
		{"method", func(w *wire) { w.Method = "PUT" }, wrongSignature},
		{"path", func(w *wire) { w.URL = strings.Replace(w.URL, "/orders", "/orders2", 1) }, wrongSignature},
		{"query", everywhere("role=user", "role=admin"), wrongSignature},
		{"more query", func(w *wire) { w.URL += "&x=1" }, wrongSignature},
		{"body", func(w *wire) { w.Body += " " }, wrongSignature},
		{"header", func(w *wire) { w.Header["X-Probe"] = "2" }, wrongSignature},
		{"another x-amz header", func(w *wire) { w.Header["X-Amz-Meta-New"] = "1" }, wrongSignature},
		{"host", func(w *wire) { w.URL = strings.Replace(w.URL, "api.example", "evil.example", 1) }, wrongSignature},
		{"date", otherSecond, wrongSignature},
		{"region", everywhere("eu-central-1", "us-east-1"), wrongSignature},
		{"service", everywhere("execute-api", "lambda"), wrongSignature},
		{"signature", func(w *wire) {
			flip := regexp.MustCompile(`Signature=[0-9a-f]{63}`)
			w.URL = flip.ReplaceAllString(w.URL, "Signature="+strings.Repeat("0", 63))
			w.Header["Authorization"] = flip.ReplaceAllString(w.Header["Authorization"], "Signature="+strings.Repeat("0", 63))
			if w.Header["Authorization"] == "" {
				delete(w.Header, "Authorization")
			}
		}, wrongSignature},
		{"key", everywhere(cleoKeys.AccessKey, strangerKeys.AccessKey), unknownClient},
		{"another's key", everywhere(cleoKeys.AccessKey, adaKeys.AccessKey), unknownClient},
		{"token", everywhere("token-of-cleo", "token-of-dora"), unknownClient},
	}
}

// TestTampered: what was changed after a client signed it does not get in, and
// the error says why.
func TestTampered(t *testing.T) {
	t.Parallel()
	server := signedServer(t)
	for _, c := range signingClients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keys := liveKeys()[1]
			q := toSign{Method: "POST", URL: "http://api.example/orders?role=user", Key: keys.AccessKey, Secret: keys.Secret, Token: keys.SessionToken,
				Body: "body", Header: map[string]string{"X-Probe": "1"}}
			requests := []toSign{q}
			if q.Presign, q.Body = true, ""; c.presigns {
				requests = append(requests, q)
			}
			for i, signed := range c.sign(t, requests) {
				for _, change := range tamperings() {
					w := signed
					w.Header = map[string]string{}
					for name, v := range signed.Header {
						w.Header[name] = v
					}
					change.change(&w)
					resp := w.send(t, server)
					want := http.StatusForbidden
					if change.errorType == "" {
						want = http.StatusOK
					}
					if resp.StatusCode != want || value(resp.Header, "x-amzn-ErrorType") != change.errorType {
						t.Errorf("%s changed (presigned %t): %d %q, want %d %q", change.name, requests[i].Presign, resp.StatusCode, value(resp.Header, "x-amzn-ErrorType"), want, change.errorType)
					}
				}
			}
		})
	}
}
