package jwt_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestFetch: what an issuer may answer. AUT-33: 150,000 bytes at most.
func TestFetch(t *testing.T) {
	t.Parallel()
	set := string(jwks(t, jwk(t, "k1", rsaKey(), nil)))
	filled := func(size int) string {
		return `{"fill":"` + strings.Repeat("x", size-len(set)-len(`"fill":"",`)) + `",` + set[1:]
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string // in the error; "" if the keys are taken
	}{
		{"keys", 200, set, ""},
		{"keys in 150,000 bytes", 200, filled(150_000), ""},
		{"keys in a byte more", 200, filled(150_001), "more than 150000 bytes"},
		{"not found", 404, set, "status 404, not 200"},
		{"created", 201, set, "status 201, not 200"},
		{"a page", 200, "<html>", "the key set is not a JSON object"},
		{"cut", 200, set[:len(set)-1], "the key set is not a JSON object"},
		{"no keys", 200, `{"error":"x"}`, `no list "keys"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, []byte(c.body))
			srv.publish(c.status, []byte(c.body))
			v := with(t, jwt.KeySettings{URL: srv.URL + "/keys", Now: clock})
			_, err := v.Verify(t.Context(), sign(t, nil, claims(nil)))
			if c.want == "" {
				wantCode(t, err, "")
				return
			}
			wantCode(t, err, jwt.CodeKeysUnavailable)
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), srv.URL+"/keys") {
				t.Errorf("error %q, want it to contain the URL and %q", err, c.want)
			}
		})
	}
}

// TestConnectionsEnd: no connection is kept, and with it no goroutine.
func TestConnectionsEnd(t *testing.T) {
	t.Parallel()
	set := jwks(t, jwk(t, "k1", rsaKey(), nil))
	closing := make(chan bool, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		closing <- r.Close
		w.Write(set)
	}))
	defer srv.Close()
	v := with(t, jwt.KeySettings{URL: srv.URL, Now: clock})
	verifyCode(t, v, sign(t, nil, claims(nil)), "")
	if !<-closing {
		t.Error("the request asks to keep the connection")
	}
}

// TestRedirect: keys are where the configuration says.
func TestRedirect(t *testing.T) {
	t.Parallel()
	srv := newServer(t, jwks(t, jwk(t, "k1", rsaKey(), nil)))
	away := httptest.NewServer(http.RedirectHandler(srv.URL, http.StatusFound))
	defer away.Close()
	token := sign(t, nil, claims(nil))

	v := with(t, jwt.KeySettings{URL: away.URL, Now: clock})
	_, err := v.Verify(t.Context(), token)
	wantCode(t, err, jwt.CodeKeysUnavailable)
	if !strings.Contains(err.Error(), "status 302") {
		t.Errorf("error %q, want the status", err)
	}
	srv.wantFetches(t, 0)

	// A client of one's own decides for itself, and is not changed.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	verifyCode(t, with(t, jwt.KeySettings{URL: away.URL, Now: clock, Client: client}), token, "")
	plain := &http.Client{}
	verifyCode(t, with(t, jwt.KeySettings{URL: srv.URL, Now: clock, Client: plain}), token, "")
	if plain.CheckRedirect != nil {
		t.Error("the client was changed")
	}
}

// TestDiscovery: the discovery document must be the issuer's own and lead to a
// place that is as safe.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	set := string(jwks(t, jwk(t, "k1", rsaKey(), nil)))
	document := func(issuer, uri string) string {
		return string(mustJSON(t, members{"issuer": issuer, "jwks_uri": uri, "scopes_supported": []string{"openid"}}))
	}
	const keys = "https://keys.example/k"
	for _, c := range []struct{ name, issuer, document, want string }{
		{"its own", issuer, document(issuer, keys), ""},
		{"with a path", issuer + "/pool", document(issuer+"/pool", keys), ""},
		{"with a slash", issuer + "/", document(issuer+"/", keys), ""},
		{"of another issuer", issuer, document("https://evil.example", keys), "document of issuer"},
		{"slash differs", issuer, document(issuer+"/", keys), "document of issuer"},
		{"no document", issuer, `<html>`, "the document is not a JSON object"},
		{"no keys", issuer, `{"issuer":"` + issuer + `"}`, "jwks_uri"},
		{"plain http", issuer, document(issuer, "http://keys.example/k"), "is not https"},
		{"http on this machine", issuer, document(issuer, "http://localhost/k"), "is not https"},
		{"a file", issuer, document(issuer, "file:///k"), "jwks_uri"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				switch r.URL.String() {
				case strings.TrimSuffix(c.issuer, "/") + "/.well-known/openid-configuration":
					return answer(200, c.document), nil
				case keys:
					return answer(200, set), nil
				}
				return nil, errors.New("unexpected fetch of " + r.URL.String())
			})}
			from, err := jwt.NewKeySet(jwt.KeySettings{Issuer: c.issuer, Now: clock, Client: client})
			if err != nil {
				t.Fatal(err)
			}
			v := verifier(t, jwt.Settings{Issuer: c.issuer, Audiences: []string{"orders"}, Keys: from})
			_, err = v.Verify(t.Context(), sign(t, nil, claims(members{"iss": c.issuer})))
			if c.want == "" {
				wantCode(t, err, "")
				return
			}
			wantCode(t, err, jwt.CodeKeysUnavailable)
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want it to contain %q", err, c.want)
			}
		})
	}
}

// TestDefaultKeys: New finds the keys by discovery, as API Gateway does, or at
// the URL in the settings.
func TestDefaultKeys(t *testing.T) {
	t.Parallel()
	set := jwks(t, jwk(t, "k1", rsaKey(), nil))
	paths := make(chan string, 10)
	srv := httptest.NewUnstartedServer(nil)
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.Path
		if r.URL.Path == "/keys" {
			w.Write(set)
			return
		}
		json.NewEncoder(w).Encode(members{"issuer": srv.URL, "jwks_uri": srv.URL + "/keys"})
	})
	srv.Start()
	defer srv.Close()
	// The clock is the real one here.
	forever := members{"iss": srv.URL, "exp": 4102444800}
	for _, url := range []string{"", srv.URL + "/keys"} {
		v := verifier(t, jwt.Settings{Issuer: srv.URL, Audiences: []string{"orders"}, JWKSURL: url})
		verifyCode(t, v, sign(t, nil, claims(forever)), "")
	}
	close(paths)
	var got []string
	for path := range paths {
		got = append(got, path)
	}
	if diff := cmp.Diff([]string{"/.well-known/openid-configuration", "/keys", "/keys"}, got); diff != "" {
		t.Errorf("fetched (-want +got):\n%s", diff)
	}
}
