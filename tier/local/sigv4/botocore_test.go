package sigv4_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// newServer answers 204 to everything after seeing it, and returns its URL.
func newServer(t testing.TB, see func(*http.Request, []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		see(r, body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// pythonVariable names a Python that has botocore.
const pythonVariable = "TIERKIT_TEST_PYTHON"

// python is that Python; without it the test is skipped, or fails where all
// independent servers and clients are required.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv(pythonVariable)
	switch {
	case path != "":
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatalf("%s is not set, and TIERKIT_TEST_SERVERS=require: install botocore and name its Python", pythonVariable)
	default:
		t.Skipf("%s is not set: not run against botocore", pythonVariable)
	}
	return path
}

// botocoreScript signs each request that it reads and writes what it would send.
// The clock stands at signedAt.
const botocoreScript = `
import datetime, json, sys
import botocore.auth, botocore.awsrequest, botocore.credentials
now = datetime.datetime(2026, 1, 30, 11, 0, 0)
class Clock(datetime.datetime):
    @classmethod
    def utcnow(cls): return now
    @classmethod
    def now(cls, tz=None): return now.replace(tzinfo=tz)
for name in ("get_current_datetime",):
    if hasattr(botocore.auth, name):
        setattr(botocore.auth, name, lambda *a, **k: now)
class Fake: pass
fake = Fake(); fake.__dict__.update(datetime.__dict__); fake.datetime = Clock
botocore.auth.datetime = fake
signers = {
    ("execute-api", False): botocore.auth.SigV4Auth, ("execute-api", True): botocore.auth.SigV4QueryAuth,
    ("s3", False): botocore.auth.S3SigV4Auth, ("s3", True): botocore.auth.S3SigV4QueryAuth,
}
answers = []
for q in json.load(sys.stdin):
    c = botocore.credentials.Credentials(q["key"], q["secret"], q["token"] or None)
    r = botocore.awsrequest.AWSRequest(method=q["method"], url=q["url"], data=q["body"].encode(), headers=q["headers"])
    signer = signers[(q["service"], q["in_url"])](c, q["service"], "eu-central-1")
    signer.add_auth(r)
    p = r.prepare()
    answers.append({"url": p.url, "headers": {k: v.decode() if isinstance(v, bytes) else v for k, v in p.headers.items()}})
json.dump(answers, sys.stdout)
`

type botocoreRequest struct {
	Service string            `json:"service"`
	InURL   bool              `json:"in_url"`
	Key     string            `json:"key"`
	Secret  string            `json:"secret"`
	Token   string            `json:"token"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

// botocoreRequests are in all forms, for all kinds of paths and queries.
func botocoreRequests() []botocoreRequest {
	var requests []botocoreRequest
	for _, service := range []string{"execute-api", "s3"} {
		for _, c := range []sigv4.Credentials{lasting, temporary} {
			for _, inURL := range []bool{false, true} {
				for _, target := range []string{
					"https://h/", "http://localhost:3000/live/orders", "https://h:443/x", "https://h//a/../b//", "https://h/a%20b/%E1%88%B4",
					"https://h/?a=2&a=1&A=3", "https://h/?valueless&empty=", "https://h/?q=a%20b%2Bc&%E1%88%B4=1", "https://h/x~y/(z)?t=~",
				} {
					if service == "s3" && target == "https://h/x~y/(z)?t=~" {
						continue // botocore's S3 client escapes the key strictly before it signs
					}
					body := "body of ሴ"
					if inURL {
						body = "" // botocore would move it into the query
					}
					requests = append(requests, botocoreRequest{
						service, inURL, c.AccessKey, c.Secret, c.SessionToken, "POST", target, body,
						map[string]string{"X-Probe": "  a   b  ", "Content-Type": "text/plain", "X-Amz-Meta-Tag": "v"},
					})
				}
			}
		}
	}
	return requests
}

// signedBy is a request as botocore would send it.
type signedBy struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

func botocoreSign(t *testing.T, requests []botocoreRequest) []signedBy {
	t.Helper()
	input, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python(t), "-c", botocoreScript)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("botocore: %v\n%s", err, stderr.Bytes())
	}
	var answers []signedBy
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(answers), len(requests))
	}
	return answers
}

// TestBotocore: what botocore signs, the AWS CLI's signer, is accepted, and not
// when it was changed.
func TestBotocore(t *testing.T) {
	t.Parallel()
	requests := botocoreRequests()
	for i, answer := range botocoreSign(t, requests) {
		q := requests[i]
		u, err := url.Parse(answer.URL)
		if err != nil {
			t.Fatal(err)
		}
		sent := &http.Request{Method: q.Method, URL: u, Header: http.Header{}}
		for name, value := range answer.Headers {
			sent.Header.Set(name, value)
		}
		req := sigv4.FromHTTP(sent, []byte(q.Body))
		v := verifier(t, q.Service, signedAt)
		if _, err := verify(v, req); err != nil {
			t.Errorf("%s %s in URL %t: %v\n%s", q.Service, q.URL, q.InURL, err, detail(err))
			continue
		}
		req.Path += "x"
		_, err = verify(v, req)
		wantRefusal(t, err, sigv4.InvalidSignature, "does not match")
	}
	t.Logf("botocore signed %d requests", len(requests))
}
