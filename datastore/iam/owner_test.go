package iam_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// tokens is an AWS STS that gives the n-th credentials the key AKID<caller><n>.
type tokens struct {
	now    func() time.Time
	refuse string        // an error code; "" for none
	wait   chan struct{} // nil not to wait

	mu    sync.Mutex
	calls []url.Values
}

func (s *tokens) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, form)
	n := len(s.calls)
	s.mu.Unlock()
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	text, status := fmt.Sprintf(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
		`<AccessKeyId>AKID%s%d</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>%s</Expiration>`+
		`</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		form.Get("Tags.member.1.Value"), n, s.now().Add(15*time.Minute).UTC().Format(time.RFC3339)), 200
	if s.refuse != "" {
		text, status = `<ErrorResponse><Error><Type>Sender</Type><Code>`+s.refuse+`</Code><Message>m</Message></Error></ErrorResponse>`, 403
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)),
	}, nil
}

const callerRole = "arn:aws:iam::123456789012:role/caller"

func newCallers(s *tokens) *iam.Owners { return newOwners(s, datastore.ByCaller) }

func newOwners(s *tokens, owner datastore.Owner) *iam.Owners {
	return iam.NewOwners(aws.Config{
		Region: "eu-west-1", HTTPClient: &http.Client{Transport: s},
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
		}),
	}, callerRole, owner, s.now)
}

// TestCallers: each caller has credentials of its own, which are asked for once
// and again shortly before they end.
func TestCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &tokens{now: time.Now}
		callers := newCallers(s)
		for _, c := range []struct{ caller, want string }{
			{"ann", "AKIDann1"}, {"bob", "AKIDbob2"}, {"ann", "AKIDann1"},
		} {
			got, err := callers.Retrieve(datastore.WithCallerID(t.Context(), c.caller))
			if err != nil || got.AccessKeyID != c.want || got.SessionToken != "token" || !got.CanExpire {
				t.Errorf("Retrieve for %s = %+v, %v, want %s", c.caller, got, err, c.want)
			}
		}
		for name, want := range map[string]string{
			"Action": "AssumeRole", "RoleArn": callerRole, "DurationSeconds": "900",
			"Tags.member.1.Key": "caller", "Tags.member.1.Value": "ann",
		} {
			if got := s.calls[0].Get(name); got != want {
				t.Errorf("AssumeRole sends %s = %q, want %q", name, got, want)
			}
		}
		time.Sleep(13 * time.Minute)
		ctx := datastore.WithCallerID(t.Context(), "ann")
		if got, err := callers.Retrieve(ctx); err != nil || got.AccessKeyID != "AKIDann1" {
			t.Errorf("Retrieve after 13 minutes = %+v, %v, want the first", got, err)
		}
		time.Sleep(time.Minute + time.Second)
		if got, err := callers.Retrieve(ctx); err != nil || got.AccessKeyID != "AKIDann3" {
			t.Errorf("Retrieve after 14 minutes = %+v, %v, want new ones", got, err)
		}
	})
}

// TestCallersRefused: without a caller that can be a tag nothing is sent, and a
// failure is not kept.
func TestCallersRefused(t *testing.T) {
	t.Parallel()
	s := &tokens{now: time.Now}
	callers := newCallers(s)
	for _, ctx := range []context.Context{
		t.Context(), datastore.WithCallerID(t.Context(), ""),
		datastore.WithCallerID(t.Context(), "a*"), datastore.WithCallerID(t.Context(), strings.Repeat("a", 257)),
	} {
		if _, err := callers.Retrieve(ctx); !errors.Is(err, datastore.ErrDenied) || len(s.calls) > 0 {
			t.Errorf("Retrieve without a caller: error = %v after %d calls, want %v after none", err, len(s.calls), datastore.ErrDenied)
		}
	}
	s.refuse = "AccessDenied"
	ctx := datastore.WithCallerID(t.Context(), "ann")
	if _, err := callers.Retrieve(ctx); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Retrieve that STS refuses: error = %v, want %v", err, datastore.ErrDenied)
	}
	s.refuse = ""
	if got, err := callers.Retrieve(ctx); err != nil || got.AccessKeyID != "AKIDann2" {
		t.Errorf("Retrieve after a refusal = %+v, %v, want credentials", got, err)
	}
}

// TestCallersAtOnce: many requests of one caller wait for one call, and one that
// gives up leaves the others waiting.
func TestCallersAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &tokens{now: time.Now, wait: make(chan struct{})}
		callers := newCallers(s)
		var wg sync.WaitGroup
		gone, leave := context.WithCancel(datastore.WithCallerID(t.Context(), "ann"))
		wg.Go(func() {
			if _, err := callers.Retrieve(gone); err == nil {
				t.Error("Retrieve that was cancelled: no error")
			}
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				got, err := callers.Retrieve(datastore.WithCallerID(t.Context(), "ann"))
				if err != nil || got.AccessKeyID != "AKIDann2" {
					t.Errorf("Retrieve = %+v, %v, want the second credentials", got, err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(s.wait)
		wg.Wait()
		if len(s.calls) != 2 {
			t.Errorf("21 requests of one caller made %d calls, want 2: one of them gave up", len(s.calls))
		}
	})
}

// TestCallersOutOfTime: a request whose deadline comes while it asks fails no other
// that waits for it and has time.
func TestCallersOutOfTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &tokens{now: time.Now, wait: make(chan struct{})}
		callers := newCallers(s)
		ann := datastore.WithCallerID(t.Context(), "ann")
		for _, left := range []time.Duration{3 * time.Millisecond, 90 * time.Millisecond} {
			short, cancel := context.WithTimeout(ann, left)
			defer cancel()
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := callers.Retrieve(short); err == nil {
					t.Errorf("Retrieve in %v: no error", left)
				}
			})
			synctest.Wait()
			wg.Go(func() {
				if _, err := callers.Retrieve(ann); err != nil {
					t.Errorf("Retrieve behind one that had %v: %v", left, err)
				}
			})
			synctest.Wait()
			time.Sleep(time.Second)
			close(s.wait)
			wg.Wait()
			s.wait = make(chan struct{})
			callers = newCallers(s)
		}
	})
}

// TestCallersUnsent: that AWS STS was reached does not make a request one that may
// have been carried out, if it got no connection itself.
func TestCallersUnsent(t *testing.T) {
	t.Parallel()
	s := &tokens{now: time.Now}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := s.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		io.Copy(w, resp.Body)
	}))
	defer server.Close()
	callers := iam.NewOwners(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
		}),
	}, callerRole, datastore.ByCaller, time.Now)
	sent := 0
	err := iam.NewRetry(nil).Do(datastore.WithCallerID(t.Context(), "ann"), iam.Call{Write: true}, func(ctx context.Context) error {
		if _, err := callers.Retrieve(ctx); err != nil {
			return err
		}
		if sent++; sent == 1 {
			return &net.OpError{Op: "dial", Err: errors.New("refused")}
		}
		return nil
	})
	if err != nil || sent != 2 {
		t.Errorf("Do of a write that was not sent at first = %v after %d attempts, want nil after 2", err, sent)
	}
}

// TestCallersBounded: of very many callers only the last ones are kept.
func TestCallersBounded(t *testing.T) {
	t.Parallel()
	s := &tokens{now: time.Now}
	callers := newCallers(s)
	get := func(n int) {
		t.Helper()
		if _, err := callers.Retrieve(datastore.WithCallerID(t.Context(), fmt.Sprint("caller", n))); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 501 {
		get(n)
	}
	get(500)
	if len(s.calls) != 501 {
		t.Errorf("the last caller was asked for again: %d calls", len(s.calls))
	}
	if get(0); len(s.calls) != 502 {
		t.Errorf("the first of 501 callers is still kept: %d calls", len(s.calls))
	}
}

// TestOwnersApart: of owners that one sandbox works for at once, each has its own
// credentials, which were asked for once, with its own tags and no others.
func TestOwnersApart(t *testing.T) {
	t.Parallel()
	s := &tokens{now: time.Now}
	owners := newOwners(s, datastore.ByTenant|datastore.ByCaller)
	pairs := [][2]string{{"a", "b"}, {"b", "a"}, {"a", "B"}, {"A", "b"}, {"a/b", "c"}, {"a", "b/c"}, {"a=2Fb", "c"}}
	got := make([][]string, len(pairs))
	var all sync.WaitGroup
	for i, pair := range pairs {
		got[i] = make([]string, 20)
		for n := range got[i] {
			all.Go(func() {
				keys, err := owners.Retrieve(datastore.WithCallerID(datastore.WithTenant(t.Context(), pair[0]), pair[1]))
				if err != nil {
					t.Error(err)
				}
				got[i][n] = keys.AccessKeyID
			})
		}
	}
	all.Wait()
	seen := map[string]bool{}
	for i, keys := range got {
		for _, key := range keys {
			if key != keys[0] || !strings.HasPrefix(key, "AKID"+pairs[i][1]) {
				t.Errorf("%v has the credentials %s and %s", pairs[i], keys[0], key)
			}
		}
		seen[keys[0]] = true
	}
	if len(seen) != len(pairs) || len(s.calls) != len(pairs) {
		t.Errorf("%d credentials by %d calls, want one for each of %d owners", len(seen), len(s.calls), len(pairs))
	}
	for _, form := range s.calls {
		if form.Get("Tags.member.1.Key") != "caller" || form.Get("Tags.member.2.Key") != "tenant" || form.Has("Tags.member.3.Key") || form.Get("RoleArn") != callerRole {
			t.Errorf("assumed with %v", form)
		}
	}
	for name, ctx := range map[string]context.Context{"no tenant": datastore.WithCallerID(t.Context(), "b"), "no caller": datastore.WithTenant(t.Context(), "a")} {
		if _, err := owners.Retrieve(ctx); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s: %v, want %v", name, err, datastore.ErrDenied)
		}
	}
	if len(s.calls) != len(pairs) {
		t.Error("who is nobody was asked for")
	}
}
