package localidentity

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// FuzzSubjectOf: no token is taken but the one that was signed, and whatever it is, it
// is refused as such.
func FuzzSubjectOf(f *testing.F) {
	d := Memory(nil)
	now := time.Unix(1900000000, 0)
	issuer, err := d.Issuer("", "people", IssuerSettings{URL: "https://issuer.example", ClientID: "c", Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	dir, key, err := issuer.open()
	if err != nil {
		f.Fatal(err)
	}
	tokens, err := issuer.sign(key, &record{Name: "ada", ID: "1"})
	if err != nil {
		f.Fatal(err)
	}
	parts := strings.Split(tokens.ID, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for _, seed := range []string{tokens.ID, tokens.Access, parts[0] + "." + parts[1] + ".", none + "." + parts[1] + ".", "..", "", "a.b.c.d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		subject, err := dir.subjectOf(token, d.clientsOf(issuer.file), now)
		if err == nil && (subject != "1" || !strings.HasPrefix(token, parts[0]+"."+parts[1]+".")) {
			t.Errorf("%q is taken, for %q", token, subject)
		}
		if own, ok := err.(*datastore.Error); err != nil && (!ok || own.Kind != datastore.ErrInvalid) {
			t.Errorf("%q: error = %v, want %v", token, err, datastore.ErrInvalid)
		}
	})
}

// FuzzParse: what is read as a directory can be used, whatever it is.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"version":1,"users":{"ada":{"name":"ada","id":"1"}}}`, `{"version":1,"users":{"ada":null}}`, `{"version":1,"key":"AA=="}`, `{`, `null`, `{"version":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir, err := parse("people.json", text)
		if err != nil {
			return
		}
		for name := range dir.Users {
			if r, err := dir.find(name); err != nil || r.user().Name != name {
				t.Errorf("find(%q) = %v, %v", name, r, err)
			}
		}
		if dir.Key != nil {
			if key, err := dir.key(); err == nil && key == nil {
				t.Error("a key that is none")
			}
		}
	})
}
