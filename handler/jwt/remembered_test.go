package jwt_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestRemembered: a token that comes again says what it said, whatever was done to what it
// said before.
func TestRemembered(t *testing.T) {
	t.Parallel()
	v := verifier(t, standard(t))
	token := sign(t, nil, claims(members{"scope": "read write", "cognito:groups": []string{"a"}, "aud": []string{"orders", "other"}}))
	first, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	for range 3 {
		again, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, again, cmpopts.IgnoreUnexported(jwt.Claims{})); d != "" {
			t.Errorf("(-first +again):\n%s", d)
		}
		if got := string(again.JSON("scope")); got != `"read write"` {
			t.Errorf("scope is %s", got)
		}
		want = clone(again)
		again.Scopes[0], again.Groups[0], again.Audience[0] = "admin", "admins", "everybody"
		_ = append(again.Scopes, "delete")
	}
}

func clone(c jwt.Claims) jwt.Claims {
	c.Scopes, c.Groups, c.Audience = append([]string(nil), c.Scopes...), append([]string(nil), c.Groups...), append([]string(nil), c.Audience...)
	return c
}

// TestRememberedNoLonger: what was accepted once is refused when its time is over, when the
// issuer has withdrawn or replaced its key, and when anything of it differs.
func TestRememberedNoLonger(t *testing.T) {
	t.Parallel()
	for _, remember := range []int{0, 1, -1} {
		t.Run(fmt.Sprint(remember), func(t *testing.T) {
			t.Parallel()
			srv, clk := newServer(t, jwks(t, jwk(t, "k1", rsaKey(), nil))), newClock()
			settings := standard(t)
			keys, err := jwt.NewKeySet(jwt.KeySettings{URL: srv.URL, Now: clk.Now})
			if err != nil {
				t.Fatal(err)
			}
			settings.Keys, settings.Remember = keys, remember
			v := verifier(t, settings)
			long, short := longLived(t, "k1"), sign(t, members{"kid": "k1"}, claims(members{"exp": now.Add(time.Minute).Unix()}))
			for range 2 {
				verifyCode(t, v, long, "")
				verifyCode(t, v, short, "")
			}
			i, other := strings.LastIndexByte(long, '.')+1, "A"
			if long[i] == 'A' {
				other = "B"
			}
			verifyCode(t, v, long[:i]+other+long[i+1:], jwt.CodeSignature)
			clk.move(2 * time.Minute)
			verifyCode(t, v, short, jwt.CodeExpired)
			verifyCode(t, v, long, "")

			srv.publish(http.StatusOK, jwks(t, jwk(t, "k1", rsaKey2(), nil))) // another key of the same id
			clk.move(time.Hour)
			verifyCode(t, v, long, jwt.CodeSignature)
			srv.publish(http.StatusOK, jwks(t, jwk(t, "k1", rsaKey(), nil)))
			clk.move(time.Hour)
			verifyCode(t, v, long, "")
			srv.publish(http.StatusOK, jwks(t, jwk(t, "k2", rsaKey(), nil)))
			clk.move(time.Hour)
			verifyCode(t, v, long, jwt.CodeKey)
		})
	}
}

// TestRememberedAtOnce: many tokens, more than are remembered, by many at once.
func TestRememberedAtOnce(t *testing.T) {
	t.Parallel()
	settings := standard(t)
	settings.Remember = 4
	v := verifier(t, settings)
	tokens := make([]string, 9)
	for i := range tokens {
		tokens[i] = sign(t, nil, claims(members{"sub": fmt.Sprint("user", i)}))
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 60 {
				n := (i*(g+1) + g) % len(tokens)
				if c, err := v.Verify(t.Context(), tokens[n]); err != nil || c.Subject != fmt.Sprint("user", n) {
					t.Errorf("token %d: %q, %v", n, c.Subject, err)
				}
			}
		})
	}
	wg.Wait()
}
