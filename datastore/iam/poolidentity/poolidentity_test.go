package poolidentity_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/poolidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// open is a handle on an identity pool, by names of what the variables hold.
func open(cfg aws.Config, pool, users string) identity.Exchanger {
	data := datastore.New([]datastore.Driver{poolidentity.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) {
			value, ok := map[string]string{"TIERKIT_IDENTITY_VISITORS": pool, "TIERKIT_IDENTITY_PEOPLE": users}[variable]
			return value, ok
		},
	})
	return datastore.Use[identity.Exchanger](function{}, identity.NewExchange(data, "visitors", identity.New(data, "people")))
}

func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String(url)}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// newPool makes an identity pool in the server at url.
func newPool(t testing.TB, url string) string {
	t.Helper()
	cfg := config(url, nil)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
	})
	made, err := cognitoidentity.NewFromConfig(cfg).CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("tierkit"), AllowUnauthenticatedIdentities: true})
	if err != nil {
		t.Fatal(err)
	}
	return *made.IdentityPoolId
}

// TestMoto: moto takes every token.
func TestMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	pool := newPool(t, url)
	for _, token := range []string{"a.b.c", ""} {
		got, err := open(config(url, nil), pool, "eu-central-1_Abc").Exchange(t.Context(), token)
		if err != nil || got.AccessKeyID == "" || got.SecretAccessKey == "" || got.SessionToken == "" ||
			!strings.Contains(got.IdentityID, ":") || got.Expires.Before(time.Now()) {
			t.Errorf("Exchange(%q) = %v, %v, want credentials", token, got, err)
		}
	}
}

// script is an HTTP client that answers by a function, and keeps the requests.
type script struct {
	answer func(n int) (*http.Response, error)

	mu    sync.Mutex
	calls []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, req.Header.Get("X-Amz-Target")+" "+string(body)+req.Header.Get("Authorization"))
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(n)
}

func (s *script) open() identity.Exchanger {
	return open(config("http://scripted.invalid", &http.Client{Transport: s}), "eu-west-1:pool", "eu-west-1_Abc")
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(status int, code string) func(int) (*http.Response, error) {
	return func(int) (*http.Response, error) {
		return reply(status, `{"__type":"`+code+`","message":"refused"}`)
	}
}

func then(answers ...func(int) (*http.Response, error)) func(int) (*http.Response, error) {
	return func(n int) (*http.Response, error) { return answers[min(n, len(answers))-1](n) }
}

func id(int) (*http.Response, error) { return reply(200, `{"IdentityId":"eu-west-1:id"}`) }

func keys(int) (*http.Response, error) {
	return reply(200, `{"IdentityId":"eu-west-1:id","Credentials":{"AccessKeyId":"ASIA1","SecretKey":"hunter2","SessionToken":"hunter2","Expiration":1900000000}}`)
}

func lost(int) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
}

// TestRequests: what goes out, unsigned.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := &script{answer: then(id, keys)}
	got, err := s.open().Exchange(t.Context(), "a.b.c")
	want := identity.Credentials{IdentityID: "eu-west-1:id", AccessKeyID: "ASIA1", SecretAccessKey: "hunter2", SessionToken: "hunter2", Expires: time.Unix(1900000000, 0).UTC()}
	if err != nil || got != want {
		t.Errorf("Exchange = %v, %v, want %v", got, err, want)
	}
	calls := strings.Join([]string{
		`AWSCognitoIdentityService.GetId {"IdentityPoolId":"eu-west-1:pool","Logins":{"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc":"a.b.c"}}`,
		`AWSCognitoIdentityService.GetCredentialsForIdentity {"IdentityId":"eu-west-1:id","Logins":{"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc":"a.b.c"}}`,
	}, "\n")
	if got := strings.Join(s.calls, "\n"); got != calls {
		t.Errorf("calls:\n%s\nwant:\n%s", got, calls)
	}
}

// TestFaults: what each answer means, and how often it is asked.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(int) (*http.Response, error)
		want   error
		calls  int
	}{
		{"a token that is not taken", refuse(400, "NotAuthorizedException"), datastore.ErrInvalid, 1},
		{"not taken later", then(id, refuse(400, "NotAuthorizedException")), datastore.ErrInvalid, 2},
		{"another user's login", then(id, refuse(400, "ResourceConflictException")), datastore.ErrConflict, 2},
		{"no role", then(id, refuse(400, "InvalidIdentityPoolConfigurationException")), datastore.ErrDeclaration, 2},
		{"no pool", refuse(400, "ResourceNotFoundException"), datastore.ErrUnavailable, 1},
		{"throttled", refuse(400, "TooManyRequestsException"), datastore.ErrThrottled, 8},
		{"failing once", then(refuse(500, "InternalErrorException"), id, keys), nil, 3},
		{"lost twice", then(lost, id, lost, keys), nil, 4},
		{"no credentials", then(id, id), datastore.ErrUnavailable, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: tt.answer}
				_, err := s.open().Exchange(t.Context(), "eyJhunter2")
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || len(s.calls) != tt.calls {
					t.Errorf("error = %v after %d calls, want %v after %d", err, len(s.calls), tt.want, tt.calls)
				}
				var api smithy.APIError
				if tt.want != nil && !errors.As(err, &api) && tt.name != "no credentials" {
					t.Errorf("%v: the SDK's error is not found", err)
				}
				if err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, err), "hunter2") {
					t.Errorf("the error has the token: %v", err)
				}
			})
		})
	}
}

// TestHidden: an answer that cannot be read leaves nothing of itself in the error.
func TestHidden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: then(id, func(int) (*http.Response, error) {
			return reply(200, `{"Credentials":{"SecretKey":"hunter2","Expiration":"hunter2"}}`)
		})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := s.open().Exchange(ctx, "x")
		if err == nil || got != (identity.Credentials{}) {
			t.Errorf("Exchange = %v, %v, want an error", got, err)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), "hunter2") {
				t.Errorf("the error has the answer: %v", e)
			}
		}
		var own *datastore.Error
		if !errors.As(err, &own) || own.Err == nil || strings.Contains(fmt.Sprintf("%+v %#v", own.Err, own.Err), "hunter2") {
			t.Errorf("the cause has the answer: %#v", own)
		}
	})
}

// TestVariables: both must be set.
func TestVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pool, users, want string }{
		{"", "eu-west-1_Abc", "TIERKIT_IDENTITY_VISITORS is not set"},
		{"eu-west-1:pool", "", "TIERKIT_IDENTITY_PEOPLE is not set"},
		{"eu-west-1:pool", "people", "TIERKIT_IDENTITY_PEOPLE is not set to the id"},
	} {
		_, err := open(config("http://scripted.invalid", nil), c.pool, c.users).Exchange(t.Context(), "x")
		if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("pool %q, users %q: error = %v, want %q", c.pool, c.users, err, c.want)
		}
	}
}

// A function needs no configuration. Elsewhere With takes the one that the SDK's own
// package config loads, or one by hand.
func ExampleWith() {
	driver := poolidentity.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := identity.NewExchange(data, "visitors", identity.New(data, "people")).Spec()
	fmt.Println(driver.Name(), "opens the", spec.Kind(), spec.Name(), "by the id in", datastore.Variable(spec))
	// Output: poolidentity opens the identity visitors by the id in TIERKIT_IDENTITY_VISITORS
}
