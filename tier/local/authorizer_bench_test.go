package local_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// BenchmarkAuthorizers is what an authorizer adds to a request whose function does
// nothing.
func BenchmarkAuthorizers(b *testing.B) {
	keys := newIssuer(b)
	kept := tier.AuthorizerSettings{Token: "Authorization", TTL: time.Hour}
	open := &gated{Gateway: newGateway(b, declare(b, "GET /a"), nil, answering(`{}`))}
	for _, c := range []struct {
		name  string
		gated *gated
		token string
	}{
		{"none", open, ""},
		{"Lambda, asked", guard(b, local.REST{}, tier.AuthorizerSettings{Token: "Authorization"}, saying(allowAll), "GET /a"), "t"},
		{"Lambda, kept", guard(b, local.REST{}, kept, saying(allowAll), "GET /a"), "t"},
		{"Cognito", byCognito(b, keys, tier.CognitoSettings{}), rs256(b, idToken(nil))},
		{"JWT", byJWT(b, keys), rs256(b, jwtToken(nil))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest("GET", "/a", nil)
			r.Header.Set("Authorization", c.token)
			for b.Loop() {
				rec := httptest.NewRecorder()
				c.gated.ServeHTTP(rec, r)
				if rec.Code != 200 {
					b.Fatalf("%d %s", rec.Code, rec.Body)
				}
			}
		})
	}
}
