package webservice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/service/servicetest"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/webservice"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// serve is a server with h.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func onServer(url string) *datastore.Data { return onServerBy(aws.Config{}, url) }

func onServerBy(cfg aws.Config, url string) *datastore.Data {
	return datastore.New([]datastore.Driver{webservice.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return url, true },
	})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	servicetest.Run(t, func(t testing.TB, _ service.Spec, h http.Handler) *datastore.Data { return onServer(serve(t, h)) })
}

// TestConformanceUnder: the path of the URL goes before those of requests.
func TestConformanceUnder(t *testing.T) {
	t.Parallel()
	servicetest.Run(t, func(t testing.TB, _ service.Spec, h http.Handler) *datastore.Data {
		return onServer(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			uri, ok := strings.CutPrefix(r.RequestURI, "/a%2Fb/live")
			if !ok {
				t.Errorf("%s was asked for", r.RequestURI)
			}
			r.RequestURI = uri
			r.URL.Path = strings.TrimPrefix(r.URL.Path, "/a/b/live")
			h.ServeHTTP(w, r)
		})) + "/a%2Fb/live/")
	})
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// TestSigned: each attempt is signed for API Gateway, with its body and after its
// headers.
func TestSigned(t *testing.T) {
	t.Parallel()
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}, nil
	})
	verifier := sigv4.NewVerifier("execute-api", "eu-central-1", sigv4.Static(sigv4.Credentials{
		AccessKey: "AKIDEXAMPLE", Secret: "secret", SessionToken: "session",
	}), nil)
	attempts := 0
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if _, err := verifier.Verify(r.Context(), sigv4.FromHTTP(r, body)); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.RequestURI, err)
		}
		if r.Header.Get("X-Trace") != "t" || !strings.Contains(r.Header.Get("Authorization"), "x-trace") {
			t.Errorf("the header of Prepare is %q", r.Header.Get("X-Trace"))
		}
		if attempts++; attempts == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, `"ok"`)
	}))
	data := datastore.New([]datastore.Driver{webservice.With(aws.Config{Region: "eu-central-1", Credentials: keys})}, &datastore.Options{
		Lookup: func(string) (string, bool) { return url + "/live", true },
	})
	c := datastore.Use[service.Caller](function{}, service.New(data, "billing", &service.Policy{
		Network: service.Network{Signed: true},
		Prepare: func(_ context.Context, header http.Header) { header.Set("X-Trace", "t") },
	}))
	for _, path := range []string{"/a?b=c&a=%20", "/a%2Fb/%C3%A9", "/"} {
		if got, err := service.Call[string](t.Context(), c, "PUT", path, map[string]int{"a": 1}); err != nil || got != "ok" {
			t.Errorf("Call = %q, %v", got, err)
		}
	}
	if attempts != 4 {
		t.Errorf("%d attempts, want 4", attempts)
	}
}

// TestOpening: what is wrong with the deployment is said.
func TestOpening(t *testing.T) {
	t.Parallel()
	for url, text := range map[string]string{
		"":                      "TIERKIT_SERVICE_BILLING is not set",
		"billing":               "no URL of a service",
		"ftp://h":               "no URL of a service",
		"https://u:secret@h":    "no URL of a service",
		"https://h?x=secret":    "no URL of a service",
		"http://127.0.0.1:1/":   "connect",
		"https://h.invalid/%zz": "no URL of a service",
	} {
		c := datastore.Use[service.Caller](function{}, service.New(onServer(url), "billing", &service.Policy{Attempts: 2}))
		_, err := service.Call[int](t.Context(), c, "POST", "/?q=secret", nil)
		if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error = %v, want ErrUnavailable with %q", url, err, text)
		}
	}
}

func ExampleWith() {
	driver := webservice.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := service.New(data, "billing", nil).Spec()
	fmt.Println(driver.Name(), "calls the", spec.Kind(), spec.Name(), "by the URL in", datastore.Variable(spec))
	// Output: webservice calls the service billing by the URL in TIERKIT_SERVICE_BILLING
}
