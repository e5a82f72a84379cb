package local

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// TestResourcePolicyNotes: the same of a resource policy.
func TestResourcePolicyNotes(t *testing.T) {
	t.Parallel()
	policy, err := evaluate.ParseResource("of API orders", []byte(`{"Statement":{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/live/*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{Request: httptest.NewRequest("GET", "/a", nil), method: "GET", path: "/a", below: "/a", explained: true}
	g := &policyGate{policy, "us-east-1", &restIAM{"arn:aws:execute-api:us-east-1:000000000000:id/live/"}}
	if a := g.pass(x); a == nil || a.status != 403 || x.err == nil || !strings.Contains(x.err.Error(), "anonymous is not authorized to perform execute-api:Invoke on arn:aws:execute-api:us-east-1:000000000000:id/live/GET/a: policy of API orders, statement 0 denies it") {
		t.Errorf("pass = %+v, %v", a, x.err)
	}
	want := []note{{who: "resource policy", what: "policy of API orders, statement 0: Deny applies"},
		{who: "resource policy", what: "execute-api:Invoke on arn:aws:execute-api:us-east-1:000000000000:id/live/GET/a: explicit deny"}}
	if !slices.Equal(x.notes, want) {
		t.Errorf("notes %+v, want %+v", x.notes, want)
	}
}

// TestIAMNotes: for whom it asks, the gate tells what it decided and why, and no
// secret.
func TestIAMNotes(t *testing.T) {
	t.Parallel()
	policy, err := evaluate.ParseIdentity("reader", []byte(`{"Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:*:*/live/GET/*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	keys := sigv4.Credentials{AccessKey: "ASIALOCALADA00000001", Secret: "the-secret-of-ada", SessionToken: "the-token-of-ada"}
	ids := &Identities{Callers: []Identity{{Name: "ada", ARN: "arn:aws:iam::000000000000:user/ada", Credentials: keys, Policies: []*evaluate.Policy{policy}}}}
	for name, c := range map[string]struct {
		method string
		secret string
		want   []string
	}{
		"allowed":         {"GET", keys.Secret, []string{"signed in the header at 2026-", "by ada (arn:aws:iam::000000000000:user/ada, ASIALOCALADA00000001)", "policy reader, statement 0: Allow applies", "execute-api:Invoke on arn:aws:execute-api:us-east-1:000000000000:id/live/GET/a: allow"}},
		"not allowed":     {"PUT", keys.Secret, []string{"policy reader, statement 0: Allow does not apply: Resource", "live/PUT/a: implicit deny"}},
		"wrong signature": {"GET", "guessed", []string{"InvalidSignatureException", "the canonical request is:\nGET\n/a\n", "x-amz-security-token:(redacted)", "the string to sign is:\nAWS4-HMAC-SHA256"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			clock := func() time.Time { return now }
			r := httptest.NewRequest(c.method, "/a", nil)
			signed := keys
			signed.Secret = c.secret
			if err := sigv4.NewSigner("execute-api", "us-east-1", &sigv4.SignerOptions{Now: clock}).Sign(r, sigv4.Hash(nil), signed); err != nil {
				t.Fatal(err)
			}
			a := newAuthority("execute-api", []string{"execute-api:Invoke"}, ids, clock)
			g := &iamGate{authority: a, door: &restIAM{"arn:aws:execute-api:us-east-1:000000000000:id/live/"}}
			for _, explained := range []bool{true, false} {
				x := &exchange{Request: r, at: now, method: r.Method, path: "/a", below: "/a", explained: explained}
				g.pass(x)
				var text strings.Builder
				for _, n := range x.notes {
					text.WriteString(n.who + ": " + n.what + "\n")
				}
				if !explained {
					if text.Len() > 0 {
						t.Errorf("notes that nobody wants: %s", text.String())
					}
					continue
				}
				for _, w := range c.want {
					if !strings.Contains(text.String(), w) {
						t.Errorf("no %q in\n%s", w, text.String())
					}
				}
				_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
				for _, secret := range []string{keys.Secret, keys.SessionToken, signature} {
					if strings.Contains(text.String(), secret) {
						t.Errorf("%q in\n%s", secret, text.String())
					}
				}
			}
		})
	}
}

// TestIAMKeepsAPIKey: the API key that a gate before it found stays in the event
// (KEY-02).
func TestIAMKeepsAPIKey(t *testing.T) {
	t.Parallel()
	x := &exchange{client: identity{apiKey: "key", apiKeyID: "id"}}
	(&restIAM{}).tell(x, &Identity{ARN: "arn:aws:iam::000000000000:user/ada", UserID: "AIDA", Credentials: sigv4.Credentials{AccessKey: "AKIA"}})
	want := identity{accessKey: "AKIA", accountID: "000000000000", caller: "AIDA", user: "AIDA", userARN: "arn:aws:iam::000000000000:user/ada", apiKey: "key", apiKeyID: "id"}
	if x.client != want {
		t.Errorf("identity %+v, want %+v", x.client, want)
	}
}
