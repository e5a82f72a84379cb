package jwt_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestRotation is T246 and JWT-02, on a server that counts.
func TestRotation(t *testing.T) {
	t.Parallel()
	old, next := jwk(t, "k1", rsaKey(), nil), jwk(t, "k2", rsaKey(), nil)
	srv, clk := newServer(t, jwks(t, old)), newClock()
	v := with(t, jwt.KeySettings{URL: srv.URL, Now: clk.Now})
	srv.wantFetches(t, 0) // not before a token needs it

	for range 10 {
		verifyCode(t, v, longLived(t, "k1"), "")
	}
	srv.wantFetches(t, 1)

	clk.move(10 * time.Second)
	srv.publish(http.StatusOK, jwks(t, old, next))
	verifyCode(t, v, longLived(t, "k2"), "")
	verifyCode(t, v, longLived(t, "k1"), "")
	srv.wantFetches(t, 2)

	for i := range 1000 {
		clk.move(time.Millisecond)
		verifyCode(t, v, longLived(t, fmt.Sprint("unknown", i)), jwt.CodeKey)
	}
	srv.wantFetches(t, 2) // the last one was a second ago
	clk.move(9 * time.Second)
	for i := range 1000 {
		verifyCode(t, v, longLived(t, fmt.Sprint("unknown", i)), jwt.CodeKey)
	}
	srv.wantFetches(t, 3)

	// A key that is withdrawn is gone after an hour.
	srv.publish(http.StatusOK, jwks(t, next))
	clk.move(59 * time.Minute)
	verifyCode(t, v, longLived(t, "k1"), "")
	srv.wantFetches(t, 3)
	clk.move(time.Minute)
	verifyCode(t, v, longLived(t, "k1"), jwt.CodeKey)
	srv.wantFetches(t, 4)
}

// TestConcurrent: 1,000 unknown keys at once, among known ones, are one fetch.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	srv, clk := newServer(t, jwks(t, jwk(t, "k1", rsaKey(), nil))), newClock()
	v := with(t, jwt.KeySettings{URL: srv.URL, Now: clk.Now})
	good := longLived(t, "k1")
	verifyCode(t, v, good, "")
	clk.move(time.Minute)
	var wg sync.WaitGroup
	for i := range 50 {
		bad := make([]string, 20)
		for j := range bad {
			bad[j] = longLived(t, fmt.Sprint("unknown", i, j))
		}
		wg.Go(func() {
			for _, token := range bad {
				if _, err := v.Verify(context.Background(), token); err == nil {
					t.Error("accepted")
				}
				if _, err := v.Verify(context.Background(), good); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	srv.wantFetches(t, 2)
}

// TestRefreshFails: old keys serve up to their maximum age, a new one waits for
// the issuer, and the issuer is not hammered.
func TestRefreshFails(t *testing.T) {
	t.Parallel()
	srv, clk := newServer(t, jwks(t, jwk(t, "k1", rsaKey(), nil))), newClock()
	keys, err := jwt.NewKeySet(jwt.KeySettings{URL: srv.URL, Now: clk.Now, MaxAge: 3 * time.Hour, Cooldown: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s := standard(t)
	s.Keys = keys
	v := verifier(t, s)
	verifyCode(t, v, longLived(t, "k1"), "")
	if keys.Err() != nil {
		t.Errorf("Err = %v after a fetch that succeeded", keys.Err())
	}

	srv.publish(http.StatusInternalServerError, nil)
	clk.move(2 * time.Hour)
	for range 5 {
		verifyCode(t, v, longLived(t, "k1"), "")
		verifyCode(t, v, longLived(t, "k2"), jwt.CodeKeysUnavailable)
	}
	srv.wantFetches(t, 2)
	if err := keys.Err(); err == nil || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("Err = %v, want the status", err)
	}

	clk.move(time.Hour) // the keys are of their maximum age
	verifyCode(t, v, longLived(t, "k1"), jwt.CodeKeysUnavailable)
	verifyCode(t, v, longLived(t, "k1"), jwt.CodeKeysUnavailable)
	srv.wantFetches(t, 3)
	clk.move(time.Second) // there is nothing to serve: the cool-down is short
	srv.publish(http.StatusOK, jwks(t, jwk(t, "k1", rsaKey(), nil)))
	verifyCode(t, v, longLived(t, "k1"), "")
	srv.wantFetches(t, 4)
	if keys.Err() != nil {
		t.Errorf("Err = %v after the issuer is back", keys.Err())
	}
}

func TestFirstFetchFails(t *testing.T) {
	t.Parallel()
	srv, clk := newServer(t, nil), newClock()
	srv.publish(http.StatusServiceUnavailable, nil)
	v := with(t, jwt.KeySettings{URL: srv.URL, Now: clk.Now})
	for range 100 {
		verifyCode(t, v, longLived(t, "k1"), jwt.CodeKeysUnavailable)
	}
	srv.wantFetches(t, 1)
	srv.publish(http.StatusOK, jwks(t, jwk(t, "k1", rsaKey(), nil)))
	clk.move(time.Second)
	verifyCode(t, v, longLived(t, "k1"), "")
	srv.wantFetches(t, 2)
}

// TestClockSetBack: a clock that was wrong does not stop refreshes.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	srv, clk := newServer(t, jwks(t, jwk(t, "k1", rsaKey(), nil))), newClock()
	v := with(t, jwt.KeySettings{URL: srv.URL, Now: clk.Now})
	clk.move(100 * time.Hour)
	verifyCode(t, v, longLived(t, "k1"), "")
	clk.move(-100 * time.Hour)
	verifyCode(t, v, longLived(t, "k1"), "")
	srv.wantFetches(t, 2)
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	set := jwks(t, jwk(t, "k1", rsaKey(), nil))
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		clk := newClock()
		v := with(t, jwt.KeySettings{Embedded: set, Now: clk.Now})
		clk.move(999 * time.Hour)
		verifyCode(t, v, longLived(t, "k1"), "")
		verifyCode(t, v, longLived(t, "k2"), jwt.CodeKey)
	})
	t.Run("with a URL", func(t *testing.T) {
		t.Parallel()
		srv, clk := newServer(t, jwks(t, jwk(t, "k2", rsaKey(), nil))), newClock()
		v := with(t, jwt.KeySettings{Embedded: set, URL: srv.URL, Now: clk.Now})
		verifyCode(t, v, longLived(t, "k1"), "")
		srv.wantFetches(t, 0)
		verifyCode(t, v, longLived(t, "k2"), "")
		srv.wantFetches(t, 1)
		verifyCode(t, v, longLived(t, "k1"), jwt.CodeKey) // withdrawn
		srv.wantFetches(t, 1)
	})
	t.Run("with a URL, old", func(t *testing.T) {
		t.Parallel()
		srv, clk := newServer(t, nil), newClock()
		srv.publish(http.StatusNotFound, nil)
		v := with(t, jwt.KeySettings{Embedded: set, URL: srv.URL, Now: clk.Now})
		clk.move(time.Hour)
		verifyCode(t, v, longLived(t, "k1"), "")
		srv.wantFetches(t, 1)
		clk.move(23 * time.Hour)
		verifyCode(t, v, longLived(t, "k1"), jwt.CodeKeysUnavailable)
	})
}

// TestShared: two verifiers with one key set fetch once.
func TestShared(t *testing.T) {
	t.Parallel()
	srv := newServer(t, jwks(t, jwk(t, "k1", rsaKey(), nil)))
	keys, err := jwt.NewKeySet(jwt.KeySettings{URL: srv.URL, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	a, b := standard(t), standard(t)
	a.Keys, b.Keys, b.TokenUse = keys, keys, "id"
	verifyCode(t, verifier(t, a), longLived(t, "k1"), "")
	verifyCode(t, verifier(t, b), longLived(t, "k1"), jwt.CodeTokenUse)
	srv.wantFetches(t, 1)
}

// TestSingleFlight: while one fetches, those that need the keys wait, those
// whose key is there do not, and who gives up waiting is told so.
func TestSingleFlight(t *testing.T) {
	t.Parallel()
	first := string(jwks(t, jwk(t, "k1", rsaKey(), nil)))
	both := string(jwks(t, jwk(t, "k1", rsaKey(), nil), jwk(t, "k2", rsaKey(), nil)))
	good, rotated := longLived(t, "k1"), longLived(t, "k2")
	synctest.Test(t, func(t *testing.T) {
		clk := newClock()
		var fetches atomic.Int64
		slow := roundTrip(func(r *http.Request) (*http.Response, error) {
			if fetches.Add(1) == 1 {
				return answer(200, first), nil
			}
			time.Sleep(time.Second)
			return answer(200, both), r.Context().Err()
		})
		v := with(t, jwt.KeySettings{URL: issuer, Now: clk.Now, Client: &http.Client{Transport: slow}})
		verifyCode(t, v, good, "")
		clk.move(2 * time.Hour)
		begin := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { verifyCode(t, v, rotated, "") })
		}
		synctest.Wait() // one is at it, the others are in line
		verifyCode(t, v, good, "")
		if d := time.Since(begin); d != 0 {
			t.Errorf("a token with a known key waited %s", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := v.Verify(ctx, rotated)
		wantCode(t, err, jwt.CodeKeysUnavailable)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Millisecond {
			t.Errorf("error %v after %s", err, time.Since(begin))
		}
		wg.Wait()
		if n := fetches.Load(); n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
	})
}

// TestHungUp: a fetch is finished for the others when its caller is gone, so
// that callers who hang up cannot keep new keys out.
func TestHungUp(t *testing.T) {
	t.Parallel()
	set, token := string(jwks(t, jwk(t, "k1", rsaKey(), nil))), longLived(t, "k1")
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		slow := roundTrip(func(r *http.Request) (*http.Response, error) {
			fetches.Add(1)
			select {
			case <-time.After(time.Second):
				return answer(200, set), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		v := with(t, jwt.KeySettings{URL: issuer, Now: clock, Client: &http.Client{Transport: slow}})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := v.Verify(ctx, token)
		wantCode(t, err, "")
		verifyCode(t, v, token, "")
		if n := fetches.Load(); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
	})
}

// TestFetchTimeout: AUT-33, 1,500 ms for each of discovery and key set. That
// synctest ends shows that no goroutine stays.
func TestFetchTimeout(t *testing.T) {
	t.Parallel()
	token := longLived(t, "k1")
	for _, c := range []struct {
		name string
		from jwt.KeySettings
		want time.Duration
	}{
		{"key set", jwt.KeySettings{URL: issuer + "/keys"}, 1500 * time.Millisecond},
		{"discovery", jwt.KeySettings{Issuer: issuer}, 2400 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			c.from.Now = clock
			c.from.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
					time.Sleep(900 * time.Millisecond)
					return answer(200, `{"issuer":"`+issuer+`","jwks_uri":"`+issuer+`/keys"}`), nil
				}
				<-r.Context().Done()
				return nil, r.Context().Err()
			})}
			v := with(t, c.from)
			begin := time.Now()
			_, err := v.Verify(t.Context(), token)
			wantCode(t, err, jwt.CodeKeysUnavailable)
			if d := time.Since(begin); d != c.want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v after %s, want after %s", c.name, err, d, c.want)
			}
		})
	}
}

func TestNewKeySetRefuses(t *testing.T) {
	t.Parallel()
	set := jwks(t, jwk(t, "k1", rsaKey(), nil))
	for _, c := range []struct {
		name string
		s    jwt.KeySettings
		want string
	}{
		{"nothing", jwt.KeySettings{}, "no place for keys"},
		{"URL and issuer", jwt.KeySettings{URL: issuer, Issuer: issuer}, "both URL and Issuer"},
		{"HMAC", jwt.KeySettings{URL: issuer, Algorithms: []string{"RS256", "HS256"}}, `algorithm "HS256": use RS256`},
		{"unknown algorithm", jwt.KeySettings{URL: issuer, Algorithms: []string{"rs256"}}, `algorithm "rs256"`},
		{"plain http", jwt.KeySettings{URL: "http://issuer.example"}, "is not https"},
		{"http on an address", jwt.KeySettings{URL: "http://10.0.0.1/keys"}, "is not https"},
		{"a name like localhost", jwt.KeySettings{URL: "http://localhost.example/keys"}, "is not https"},
		{"a file", jwt.KeySettings{URL: "file://localhost/etc/keys"}, "neither https nor http"},
		{"no host", jwt.KeySettings{URL: "https:///keys"}, "is not a URL"},
		{"a password", jwt.KeySettings{URL: "https://u:p@issuer.example"}, "is not a URL"},
		{"issuer with a query", jwt.KeySettings{Issuer: issuer + "?x"}, "query"},
		{"negative cool-down", jwt.KeySettings{URL: issuer, Cooldown: -1}, "Cooldown is -1ns"},
		{"short age", jwt.KeySettings{URL: issuer, MaxAge: time.Second}, "MaxAge 1s"},
		{"bad keys", jwt.KeySettings{URL: issuer, Embedded: []byte("x")}, "Embedded: the key set is not"},
		{"keys for others", jwt.KeySettings{Embedded: set, Algorithms: []string{"ES256"}}, "not for ES256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k, err := jwt.NewKeySet(c.s)
			if err == nil || k != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("NewKeySet = %v, %v, want an error with %q", k, err, c.want)
			}
		})
	}
	for _, url := range []string{
		"http://127.0.0.1:5000/k", "http://localhost:5000/k", "http://[::1]/k", "http://idp.localhost/k",
		"https://issuer.example/keys?p=policy",
	} {
		if _, err := jwt.NewKeySet(jwt.KeySettings{URL: url}); err != nil {
			t.Error(err)
		}
	}
}
