package appconfig_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/config/configtest"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/appconfig"
)

// fake speaks the protocol of AppConfig's data plane, as the reference of its API
// describes it: no independent server has it. A token is good for one request.
type fake struct {
	now  func() time.Time
	wait int // how long it does not want to be asked, in seconds

	mu       sync.Mutex
	document []byte // nil for none
	version  int
	sessions int
	tokens   map[string]held
	used     int
}

type held struct {
	version int
	wait    int
	from    time.Time
}

func (f *fake) put(_ testing.TB, document []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.document, f.version = document, f.version+1
}

func (f *fake) token(h held) string {
	f.used++
	token := "token-" + strconv.Itoa(f.used)
	f.tokens[token] = h
	return token
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"Message":"refused"}`)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodPost && r.URL.Path == "/configurationsessions" {
		body, _ := io.ReadAll(r.Body)
		if f.document == nil || !strings.Contains(string(body), `"ApplicationIdentifier":"app"`) || !strings.Contains(string(body), `"EnvironmentIdentifier":"env"`) ||
			!strings.Contains(string(body), `"ConfigurationProfileIdentifier":"profile"`) || !strings.Contains(string(body), `"RequiredMinimumPollIntervalInSeconds":`+strconv.Itoa(max(f.wait, 15))) {
			refuse(w, 404, "ResourceNotFoundException")
			return
		}
		f.sessions++
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"InitialConfigurationToken":%q}`, f.token(held{wait: f.wait}))
		return
	}
	token := r.URL.Query().Get("configuration_token")
	h, ok := f.tokens[token]
	delete(f.tokens, token)
	if !ok || r.URL.Path != "/configuration" || f.now().Before(h.from) {
		refuse(w, 400, "BadRequestException")
		return
	}
	w.Header().Set("Next-Poll-Configuration-Token", f.token(held{f.version, h.wait, f.now().Add(time.Duration(h.wait) * time.Second)}))
	w.Header().Set("Next-Poll-Interval-In-Seconds", strconv.Itoa(h.wait))
	w.Header().Set("Content-Type", "application/json")
	if h.version != f.version {
		_, _ = w.Write(f.document)
	}
}

func configuration(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// dataFor is a Data whose configurations are all one profile.
func dataFor(cfg aws.Config, now func() time.Time) *datastore.Data {
	return datastore.New([]datastore.Driver{appconfig.With(cfg)}, &datastore.Options{
		Now: now, Lookup: func(string) (string, bool) { return "app/env/profile", true },
	})
}

func newFake(t testing.TB, now func() time.Time, wait int) (*fake, string) {
	t.Helper()
	f := &fake{now: now, wait: wait, tokens: map[string]held{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

func TestConformanceFake(t *testing.T) {
	t.Parallel()
	configtest.Run(t, config.AppConfig, func(t testing.TB, _ config.Spec, now func() time.Time) (*datastore.Data, configtest.Put) {
		f, url := newFake(t, now, 40)
		return dataFor(configuration(url, nil), now), f.put
	})
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// TestSession: a session goes on from token to token, and one whose token is not taken
// any more is started anew.
func TestSession(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { return at }
	f, url := newFake(t, now, 40)
	data := dataFor(configuration(url, nil), now)
	limit := datastore.Use[config.Reader[int]](function{}, config.New(data, "limit", config.AppConfig, 60, nil))
	f.put(t, []byte("1"))
	for i, step := range []struct {
		lose           bool // the tokens
		want, sessions int
	}{{false, 1, 1}, {false, 1, 1}, {true, 1, 2}, {false, 1, 2}} {
		if step.lose {
			f.mu.Lock()
			clear(f.tokens)
			f.mu.Unlock()
		}
		if got, err := limit.Get(t.Context()); err != nil || got != step.want || f.sessions != step.sessions {
			t.Errorf("step %d: Get = %d, %v in %d sessions, want %d in %d", i, got, err, f.sessions, step.want, step.sessions)
		}
		at = at.Add(45 * time.Second)
	}
}

// TestVariable: the variable must have three parts, and the driver opens no parameters.
func TestVariable(t *testing.T) {
	t.Parallel()
	for _, ids := range []string{"", "app", "app/env", "app//profile", "a/b/c/d"} {
		data := datastore.New([]datastore.Driver{appconfig.Driver}, &datastore.Options{Lookup: func(string) (string, bool) { return ids, true }})
		limit := datastore.Use[config.Reader[int]](function{}, config.New(data, "limit", config.AppConfig, 1, nil))
		if _, err := limit.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_CONFIG_LIMIT is not set, or is not") {
			t.Errorf("with %q: error = %v", ids, err)
		}
		other := datastore.Use[config.Reader[int]](function{}, config.New(data, "other", config.Parameter, 1, nil))
		if _, err := other.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "no driver") {
			t.Errorf("a parameter: error = %v, want that it has no driver", err)
		}
	}
}

func ExampleWith() {
	driver := appconfig.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := config.New(data, "limits", config.AppConfig, 60, nil).Spec()
	fmt.Println(driver.Name(), "reads the", spec.Kind(), spec.Name(), "by the ids in", datastore.Variable(spec))
	// Output: appconfig reads the config limits by the ids in TIERKIT_CONFIG_LIMITS
}
