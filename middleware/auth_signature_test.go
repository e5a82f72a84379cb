package middleware_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// hook is a request with a body and headers, by name and value in turn.
func hook(body string, header ...string) *handler.Request {
	opts := []handlertest.Option{handlertest.Body("application/json", []byte(body))}
	for i := 0; i < len(header); i += 2 {
		opts = append(opts, handlertest.Header(header[i], header[i+1]))
	}
	return handlertest.Request("POST", "/hooks", opts...)
}

func macOf(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	io.WriteString(mac, text)
	return mac.Sum(nil)
}

// TestSignedVectors: the examples that the services themselves publish.
func TestSignedVectors(t *testing.T) {
	t.Parallel()
	const slackBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	for _, c := range []struct {
		name, secret string
		scheme       middleware.SignatureScheme
		at           int64
		req          *handler.Request
	}{
		// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
		{"github", "It's a Secret to Everybody", middleware.GitHub(), 0,
			hook("Hello, World!", "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")},
		// https://docs.slack.dev/authentication/verifying-requests-from-slack
		{"slack", "8f742231b10e8888abcd99yyyzzz85a5", middleware.Slack(), 1531420618,
			hook(slackBody, "X-Slack-Request-Timestamp", "1531420618", "X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")},
		// the tests of the libraries of Standard Webhooks
		{"svix", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", middleware.StandardWebhooks("svix"), 1614265330,
			hook(`{"test": 2432232314}`, "Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp", "1614265330",
				"Webhook-Signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := func() time.Time { return time.Unix(c.at, 0) }
			s, _, _ := wantAnswer(t, middleware.Signed(c.scheme, middleware.StaticSigningSecrets(secret.Text(c.secret)), &middleware.SignedOptions{Now: now}), c.req, 204, "")
			if s.caller.Kind != handler.CallerSignature || s.caller.ID != c.name {
				t.Errorf("caller %+v", s.caller)
			}
			wantAnswer(t, middleware.Signed(c.scheme, middleware.StaticSigningSecrets("bm90IGl0"), &middleware.SignedOptions{Now: now}), c.req, 401, "invalid_signature")
			changed := c.req.WithBody([]byte("{}"))
			wantAnswer(t, middleware.Signed(c.scheme, middleware.StaticSigningSecrets(secret.Text(c.secret)), &middleware.SignedOptions{Now: now}), changed, 401, "invalid_signature")
		})
	}
}

func stripeHeader(key, body string, at time.Time) string {
	text := strconv.FormatInt(at.Unix(), 10)
	return "t=" + text + ",v1=" + hex.EncodeToString(macOf(key, text+"."+body))
}

func TestSigned(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_1"}`
	good := stripeHeader("new", body, authNow)
	stripe := func(header string) *handler.Request { return hook(body, "Stripe-Signature", header) }
	std := func(id, at, sig string) *handler.Request {
		return hook(body, "Webhook-Id", id, "Webhook-Timestamp", at, "Webhook-Signature", sig)
	}
	now := strconv.FormatInt(authNow.Unix(), 10)
	stdSig := "v1," + base64.StdEncoding.EncodeToString(macOf("new", "m1."+now+"."+body))
	github := "sha256=" + hex.EncodeToString(macOf("new", body))
	wrong := ",v1=" + strings.Repeat("00", 32)
	standard := middleware.StandardWebhooks("svix")
	standard.Key = nil
	for _, c := range []struct {
		name   string
		scheme middleware.SignatureScheme
		req    *handler.Request
		status int
		code   string
	}{
		{"stripe", middleware.Stripe(), stripe(good), 204, ""},
		{"the secret before", middleware.Stripe(), stripe(stripeHeader("old", body, authNow)), 204, ""},
		{"another secret", middleware.Stripe(), stripe(stripeHeader("evil", body, authNow)), 401, "invalid_signature"},
		{"an empty secret", middleware.Stripe(), stripe(stripeHeader("", body, authNow)), 401, "invalid_signature"},
		{"several, one right", middleware.Stripe(), stripe(good[:strings.Index(good, ",")] + wrong + good[strings.Index(good, ","):] + wrong), 204, ""},
		{"too many before the right one", middleware.Stripe(), stripe(good[:strings.Index(good, ",")] + strings.Repeat(wrong, 16) + good[strings.Index(good, ","):]), 401, "invalid_signature"},
		{"another version only", middleware.Stripe(), stripe(strings.Replace(good, "v1=", "v0=", 1)), 401, "invalid_signature"},
		{"no signature in it", middleware.Stripe(), stripe("t=" + now), 401, "invalid_signature"},
		{"no time", middleware.Stripe(), stripe(good[strings.Index(good, ",")+1:]), 401, "invalid_signature"},
		{"two times", middleware.Stripe(), stripe("t=1," + good), 401, "invalid_signature"},
		{"a time of another form", middleware.Stripe(), stripe(strings.Replace(good, "t=", "t=+", 1)), 401, "invalid_signature"},
		{"almost too old", middleware.Stripe(), stripe(stripeHeader("new", body, authNow.Add(-5*time.Minute))), 204, ""},
		{"too old", middleware.Stripe(), stripe(stripeHeader("new", body, authNow.Add(-5*time.Minute-time.Second))), 401, "invalid_signature"},
		{"too new", middleware.Stripe(), stripe(stripeHeader("new", body, authNow.Add(5*time.Minute+time.Second))), 401, "invalid_signature"},
		{"far too new", middleware.Stripe(), stripe(stripeHeader("new", body, time.Unix(253402300799, 0))), 401, "invalid_signature"},
		{"another time than was signed", middleware.Stripe(), stripe(strings.Replace(good, "t="+now, "t="+strconv.FormatInt(authNow.Unix()+1, 10), 1)), 401, "invalid_signature"},
		{"no digits", middleware.Stripe(), stripe("t=" + now + ",v1=zz"), 401, "invalid_signature"},
		{"a short one", middleware.Stripe(), stripe(good[:len(good)-2]), 401, "invalid_signature"},
		{"an empty one", middleware.Stripe(), stripe("t=" + now + ",v1="), 401, "invalid_signature"},
		{"a long header", middleware.Stripe(), stripe(good + strings.Repeat(",x=y", 2000)), 401, "invalid_signature"},
		{"none", middleware.Stripe(), hook(body), 401, "unauthenticated"},
		{"in the query", middleware.Stripe(), handlertest.Request("POST", "/hooks?Stripe-Signature="+good, handlertest.Body("", []byte(body))), 401, "unauthenticated"},
		{"two headers", middleware.Stripe(), handlertest.Request("POST", "/hooks", handlertest.Body("", []byte(body)), handlertest.Header("Stripe-Signature", good, good)), 401, "invalid_signature"},
		{"github", middleware.GitHub(), hook(body, "X-Hub-Signature-256", github), 204, ""},
		{"github, SHA-1", middleware.GitHub(), hook(body, "X-Hub-Signature", "sha1=00"), 401, "unauthenticated"},
		{"github, without its prefix", middleware.GitHub(), hook(body, "X-Hub-Signature-256", github[7:]), 401, "invalid_signature"},
		{"slack, without a time", middleware.Slack(), hook(body, "X-Slack-Signature", "v0="+hex.EncodeToString(macOf("new", "v0::"+body))), 401, "invalid_signature"},
		{"standard", standard, std("m1", now, "v1a,AAAA v1,AAAA "+stdSig), 204, ""},
		{"standard, another id", standard, std("m2", now, stdSig), 401, "invalid_signature"},
		{"standard, parts moved", standard, std("m1."+now, now, stdSig), 401, "invalid_signature"},
		{"standard, no id", standard, hook(body, "Webhook-Timestamp", now, "Webhook-Signature", stdSig), 401, "invalid_signature"},
		{"standard, no base64", standard, std("m1", now, "v1,!"), 401, "invalid_signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mw := middleware.Signed(c.scheme, middleware.StaticSigningSecrets("new", "old"), &middleware.SignedOptions{Now: authClock})
			_, _, err := wantAnswer(t, mw, c.req, c.status, c.code)
			if err != nil && strings.Contains(err.Error(), hex.EncodeToString(macOf("new", now+"."+body))) {
				t.Errorf("the right signature is in the error: %v", err)
			}
		})
	}
}

// TestSignedWithoutSecrets: nobody is let in, also not who signs with an empty key.
func TestSignedWithoutSecrets(t *testing.T) {
	t.Parallel()
	req := hook("{}", "X-Hub-Signature-256", "sha256="+hex.EncodeToString(macOf("", "{}")))
	for name, secrets := range map[string]middleware.SigningSecrets{
		"fails":  func(context.Context) ([]secret.Text, error) { return nil, errors.New("down") },
		"empty":  func(context.Context) ([]secret.Text, error) { return []secret.Text{""}, nil },
		"no key": func(context.Context) ([]secret.Text, error) { return []secret.Text{"whsec_!"}, nil },
	} {
		scheme := middleware.GitHub()
		if name == "no key" {
			scheme.Key = middleware.StandardWebhooks("x").Key
		}
		wantAnswer(t, middleware.Signed(scheme, secrets, nil), req, 503, "cannot_verify")
	}
	wantAnswer(t, middleware.Signed(middleware.GitHub(), func(context.Context) ([]secret.Text, error) { return nil, nil }, nil), req, 401, "invalid_signature")
}

// TestRotatedSigningSecret: the value before the current one counts, and that there is
// none is asked once for each value.
func TestRotatedSigningSecret(t *testing.T) {
	t.Parallel()
	s := &rotating{values: []secret.Text{"one"}}
	mw := middleware.Signed(middleware.GitHub(), middleware.RotatedSigningSecret(s), nil)
	send := func(key string, status int, code string) {
		t.Helper()
		wantAnswer(t, mw, hook("{}", "X-Hub-Signature-256", "sha256="+hex.EncodeToString(macOf(key, "{}"))), status, code)
	}
	for range 3 {
		send("one", 204, "")
		send("two", 401, "invalid_signature")
	}
	if s.previous != 1 {
		t.Errorf("asked %d times for a value that was never there", s.previous)
	}
	s.values = append(s.values, "two")
	send("one", 204, "")
	send("two", 204, "")
	s.values = append(s.values, "three")
	send("one", 401, "invalid_signature")
	send("two", 204, "")
	send("three", 204, "")
	s.fails = errors.New("down")
	send("two", 401, "invalid_signature")
	send("three", 204, "")

	data := datatest.New(t)
	hooks := secret.New[secret.Text](data, "hooks", secret.Manager, nil)
	datatest.SetSecret(t, data, "hooks", "one")
	mw = middleware.Signed(middleware.GitHub(), middleware.RotatedSigningSecret(datastore.Use[middleware.RotatedSecret](function{}, hooks)), nil)
	send("one", 204, "")
}

// rotating is a secret whose last value is the current one.
type rotating struct {
	values   []secret.Text
	previous int
	fails    error
}

func (r *rotating) Get(context.Context) (secret.Text, error) { return r.values[len(r.values)-1], nil }

func (r *rotating) Previous(context.Context) (secret.Text, error) {
	r.previous++
	switch {
	case r.fails != nil:
		return "", r.fails
	case len(r.values) < 2:
		return "", datastore.ErrNotFound
	}
	return r.values[len(r.values)-2], nil
}

// TestReplayedWebhooks: what was taken is not taken again, with either store; what failed
// is.
func TestReplayedWebhooks(t *testing.T) {
	t.Parallel()
	now := authNow
	data := datatest.New(t, datatest.Now(func() time.Time { return now }))
	for name, nonces := range map[string]middleware.Nonces{
		"cache": middleware.CacheNonces(datastore.Use[middleware.NonceCache](function{}, cache.New[string](data, "nonces"))),
		"table": middleware.TableNonces(datastore.Use[middleware.NonceTable](function{}, table.New[middleware.Nonce](data, "nonces"))),
	} {
		t.Run(name, func(t *testing.T) {
			now = authNow
			answer := func() (*handler.Response, error) { return &handler.Response{}, nil }
			mw := middleware.Signed(middleware.Stripe(), middleware.StaticSigningSecrets("k"), &middleware.SignedOptions{Now: func() time.Time { return now }, Nonces: nonces})
			h := mw(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return answer() }))
			n := 0
			send := func(body string, at time.Time, status int, extra ...string) {
				t.Helper()
				header := stripeHeader("k", body, at) + strings.Join(extra, "")
				n++
				if a, err := handlertest.Do(t.Context(), h, hook(body, "Stripe-Signature", header)); a.Status != status {
					t.Errorf("%d: answered %d (%v), want %d", n, a.Status, err, status)
				}
			}
			send("a", authNow, 200)
			send("a", authNow, 409)
			send("a", authNow, 409, ",v1=00", ",v0=1") // what is not signed changes nothing
			send("a", authNow.Add(time.Second), 200)   // the service signs it once more
			send("b", authNow, 200)

			answer = func() (*handler.Response, error) { return nil, errors.New("fails") }
			send("c", authNow, 500)
			answer = func() (*handler.Response, error) { return &handler.Response{Status: 422}, nil }
			send("c", authNow, 422)
			answer = func() (*handler.Response, error) {
				return &handler.Response{Stream: func(context.Context, io.Writer) error { return errors.New("cut") }}, nil
			}
			send("c", authNow, 200)
			answer = func() (*handler.Response, error) { panic("dies") }
			func() {
				defer func() { _ = recover() }()
				send("c", authNow, 0)
			}()
			answer = func() (*handler.Response, error) {
				return &handler.Response{Stream: func(context.Context, io.Writer) error { return nil }}, nil
			}
			send("c", authNow, 200)
			send("c", authNow, 409)

			// One from a clock ahead of ours is remembered for as long as it is accepted.
			send("d", authNow.Add(5*time.Minute), 200)
			now = authNow.Add(10 * time.Minute)
			send("d", authNow.Add(5*time.Minute), 409)
			now = now.Add(time.Second)
			send("d", authNow.Add(5*time.Minute), 401)
		})
	}
	failing := fmt.Errorf("take: %w", datastore.ErrUnavailable)
	mw := middleware.Signed(middleware.GitHub(), middleware.StaticSigningSecrets("k"), &middleware.SignedOptions{Nonces: brokenNonces{failing}})
	_, _, err := wantAnswer(t, mw, hook("{}", "X-Hub-Signature-256", "sha256="+hex.EncodeToString(macOf("k", "{}"))), 503, "")
	if !errors.Is(err, failing) {
		t.Errorf("answered for %v", err)
	}
}

// brokenNonces are nonces that cannot be remembered.
type brokenNonces struct{ err error }

func (b brokenNonces) Take(context.Context, string, time.Time, time.Time) error { return b.err }
func (b brokenNonces) Free(context.Context, string) error                       { panic("frees what it has not taken") }

func TestSignedDeclaration(t *testing.T) {
	t.Parallel()
	secrets := middleware.StaticSigningSecrets("k")
	wantMisdeclared(t, "the scheme has no Name or no Read", func() { middleware.Signed(middleware.SignatureScheme{}, secrets, nil) })
	wantMisdeclared(t, "there are no secrets", func() { middleware.Signed(middleware.GitHub(), nil, nil) })
	wantMisdeclared(t, "they cannot be negative", func() {
		middleware.Signed(middleware.GitHub(), secrets, &middleware.SignedOptions{Tolerance: -1})
	})
	wantMisdeclared(t, "there is no secret", func() { middleware.StaticSigningSecrets() })
	wantMisdeclared(t, "secret 2 is empty", func() { middleware.StaticSigningSecrets("a", "") })
	wantMisdeclared(t, "there is no secret", func() { middleware.RotatedSigningSecret(nil) })
	wantMisdeclared(t, "there is no cache", func() { middleware.CacheNonces(nil) })
	wantMisdeclared(t, "there is no table", func() { middleware.TableNonces(nil) })
}

// FuzzSigned: no headers make a scheme panic, and none but what was signed with the
// secret is let in.
func FuzzSigned(f *testing.F) {
	f.Add("t=1,v1=00", "1", "id", "{}")
	f.Add("sha256=00", "", "", "")
	f.Add("v1,AAAA v1a,x v1,", "1772366400", "msg_1", "{}")
	f.Add(stripeHeader("k", "{}", authNow), "1", "", "{}")
	schemes := []middleware.SignatureScheme{middleware.GitHub(), middleware.Slack(), middleware.Stripe(), middleware.StandardWebhooks("x")}
	f.Fuzz(func(t *testing.T, sig, at, id, body string) {
		for _, scheme := range schemes {
			h := middleware.Signed(scheme, middleware.StaticSigningSecrets("d2hhdCBub2JvZHkga25vd3M="), &middleware.SignedOptions{Now: authClock})(&seenCaller{})
			a, _ := handlertest.Do(t.Context(), h, hook(body, "X-Hub-Signature-256", sig, "X-Slack-Signature", sig, "X-Slack-Request-Timestamp", at,
				"Stripe-Signature", sig, "Webhook-Signature", sig, "Webhook-Timestamp", at, "Webhook-Id", id))
			if a.Status != 401 {
				t.Fatalf("%s: answered %d to %q, %q, %q, %q", scheme.Name, a.Status, sig, at, id, body)
			}
		}
	})
}
