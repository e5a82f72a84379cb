package local

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

var anyTime = time.Date(2026, time.July, 9, 8, 7, 6, 0, time.UTC)

// TestBucketOutOfOrder: requests that were received in one order can ask in
// another (THR-04).
func TestBucketOutOfOrder(t *testing.T) {
	t.Parallel()
	b := newBucket(tier.Throttling{Rate: 1, Burst: 3})
	for i, tt := range []struct {
		after time.Duration
		want  bool
	}{
		{0, true}, {-time.Minute, true}, {-time.Second, true}, {0, false},
		{time.Second, true}, {500 * time.Millisecond, false}, {1500 * time.Millisecond, false}, {2 * time.Second, true},
	} {
		if got := b.take(anyTime.Add(tt.after)); got != tt.want {
			t.Errorf("%d: at %v: %v, want %v", i, tt.after, got, tt.want)
		}
	}
}

// TestStoreLimit: a full store lets go of what was not used for longest, and
// never takes more than it may.
func TestStoreLimit(t *testing.T) {
	t.Parallel()
	s := newAnswerStore(&tier.Cache{Size: 237})
	const large = 1 << 20
	put := func(i int) {
		s.put(&entry{key: fmt.Sprint(i), body: make([]byte, large), expires: anyTime.Add(time.Hour)})
	}
	for i := range 200 {
		put(i)
		if s.get("0", anyTime) == nil {
			t.Fatalf("after %d entries the one that is used all the time is gone", i)
		}
	}
	if s.size > s.max || len(s.entries) != s.used.Len() || len(s.entries) < 60 {
		t.Errorf("%d entries of %d bytes in %d places, at most %d bytes", len(s.entries), s.size, s.used.Len(), s.max)
	}
	if s.get("1", anyTime) != nil || s.get("199", anyTime) == nil {
		t.Error("the oldest is there, or the newest is not")
	}
	put(199)
	for i := range 200 {
		s.get(fmt.Sprint(i), anyTime.Add(time.Hour))
	}
	if s.size != 0 || len(s.entries) != 0 || s.used.Len() != 0 {
		t.Errorf("after all expired: %d entries, %d bytes", len(s.entries), s.size)
	}
	s.put(&entry{key: "x", body: make([]byte, s.max), expires: anyTime.Add(time.Hour)})
	if s.size != 0 {
		t.Error("an entry larger than the store is in it")
	}
}

// TestUsageKeyOfAuthorizer: KEY-01 with the source AUTHORIZER.
func TestUsageKeyOfAuthorizer(t *testing.T) {
	t.Parallel()
	ring, err := newKeyRing([]tier.UsagePlan{{Name: "basic", Keys: []string{"mobile"}}}, []APIKey{{Name: "mobile", Value: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	gate := &usage{"GET /a", ring, true}
	for _, tt := range []struct {
		told, header string
		status       int // 0 for passed
	}{{"secret", "", 0}, {"", "secret", 403}, {"wrong", "secret", 403}} {
		r := httptest.NewRequest("GET", "/a", nil)
		r.Header.Set("X-Api-Key", tt.header)
		x := &exchange{Request: r, at: anyTime, usageKey: tt.told, explained: true}
		a := gate.pass(x)
		if (a == nil) != (tt.status == 0) || a != nil && a.status != tt.status {
			t.Errorf("KEY-01: told %q: %+v, want %d", tt.told, a, tt.status)
		}
		if (x.client.apiKeyID != "") != (tt.status == 0) {
			t.Errorf("KEY-02: told %q: identity %+v", tt.told, x.client)
		}
		if text := fmt.Sprint(x.notes); strings.Contains(text, "secret") || len(x.notes) != 1 {
			t.Errorf("notes %s, want one without the key", text)
		}
	}
}

// TestAllowedInvalidation: CCH-03: who may invalidate gets a fresh answer,
// whatever happens to others.
func TestAllowedInvalidation(t *testing.T) {
	t.Parallel()
	s := newAnswerStore(&tier.Cache{Size: 0.5})
	gate := &caching{store: s, route: "GET /a", ttl: time.Minute, invalidation: tier.Refuse, now: func() time.Time { return anyTime }}
	r := httptest.NewRequest("GET", "/a", nil)
	answerTo := func(refreshes bool) *answer {
		return gate.pass(&exchange{Request: r, at: anyTime, method: "GET", refreshes: refreshes})
	}
	x := &exchange{Request: r, at: anyTime, method: "GET"}
	if a := gate.pass(x); a != nil || x.finish == nil {
		t.Fatalf("nothing is cached: %+v", a)
	}
	x.finish(&answer{status: 200, header: http.Header{}, body: []byte("old")})
	if a := answerTo(false); a == nil || string(a.body) != "old" {
		t.Fatalf("cached: %+v", a)
	}
	r.Header.Set("Cache-Control", "max-age=0")
	if a := answerTo(false); a == nil || a.status != 403 {
		t.Errorf("CCH-03: who may not: %+v", a)
	}
	if a := answerTo(true); a != nil {
		t.Errorf("CCH-03: who may: %+v", a)
	}
}

// FuzzKeysApart: two requests make the same key only if all that counts is the
// same, whatever bytes they have.
func FuzzKeysApart(f *testing.F) {
	f.Add("a", "b", "a", "b")
	f.Add("1:a", "", "", "1:a")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		one := appendValue(appendValue(nil, []string{a}), []string{b})
		two := appendValue(appendValue(nil, []string{c}), []string{d})
		none := appendValue(appendValue(nil, []string{a}), nil)
		if string(one) == string(two) != (a == c && b == d) || string(one) == string(none) {
			t.Errorf("%q %q: %s; %q %q: %s; without the second: %s", a, b, one, c, d, two, none)
		}
	})
}

// TestKeysApart: no two values make the same key, and none another than an empty
// one.
func TestKeysApart(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, values := range [][]string{nil, {""}, {";"}, {"a"}, {"1:a"}, {"a1:a"}, {"1;1:a"}, {"x"}} {
		key := string(appendPart(appendValue(nil, values), "x"))
		if other, known := seen[key]; known {
			t.Errorf("%q and %q make the same key %s", other, values, key)
		}
		seen[key] = values
	}
	c := &caching{route: "/a"}
	r := httptest.NewRequest("GET", "/a", nil)
	if c.key(&exchange{Request: r, method: "GET"}) == c.key(&exchange{Request: r, method: "PUT"}) {
		t.Error("CCH-02: two methods make the same key")
	}
}
