package configtest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var documentRules = []rule{
	{"missing", "a configuration that is not there answers ErrNotFound, and 500 to clients", func(t *testing.T, on target) {
		limits := start(t, on, Limits{PerMinute: 60})
		if on.has(Initial) {
			want(t, "Get where there is no document", limits, 60)
			return
		}
		got, err := limits.Get(t.Context())
		if e, ok := errors.AsType[*datastore.Error](err); !errors.Is(err, datastore.ErrNotFound) || !ok || e.Store != "config limits" || e.Op != "get" || got.PerMinute != 0 {
			t.Errorf("Get where there is none = %+v, %v, want %v of config limits, get", got, err, datastore.ErrNotFound)
		}
		var answered interface{ StatusCode() int }
		if !errors.As(err, &answered) || answered.StatusCode() != 500 {
			t.Errorf("it would be answered as %v to a client who did not ask for it, want 500", answered)
		}
	}},
	{"late", "what is not kept is not asked for after the deadline: ErrNoBudget", func(t *testing.T, on target) {
		limits := start(t, on, Limits{})
		limits.put(t, []byte(`{}`))
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		if _, err := limits.Get(ctx); !errors.Is(err, datastore.ErrNoBudget) {
			t.Errorf("Get after the deadline: error = %v, want %v", err, datastore.ErrNoBudget)
		}
	}},
	{"typed", "a document is read into the type, and members that it does not have are left out", func(t *testing.T, on target) {
		limits := start(t, on, Limits{})
		limits.put(t, []byte(`{"perMinute":10,"plans":{"gold":2,"größer":3},"else":[1]}`))
		got, err := limits.Get(t.Context())
		if d := cmp.Diff(Limits{10, map[string]int{"gold": 2, "größer": 3}}, got); err != nil || d != "" {
			t.Errorf("Get: %v (-want +got):\n%s", err, d)
		}
	}},
	{"large", "a document may have 4,000 bytes", func(t *testing.T, on target) {
		text := start(t, on, "")
		long := strings.Repeat("long", 990)
		raw, err := json.Marshal(long)
		if err != nil {
			t.Fatal(err)
		}
		text.put(t, raw)
		if got, err := text.Get(t.Context()); err != nil || got != long {
			t.Errorf("Get = %d bytes, %v, want %d", len(got), err, len(long))
		}
	}},
	{"misfit", "a document that does not fit, or is not valid, answers ErrCorrupt", func(t *testing.T, on target) {
		for _, doc := range []string{`{"perMinute":"many"}`, `[]`, `null`, `{"perMinute":-1}`} {
			limits := start(t, on, Limits{PerMinute: 60})
			limits.put(t, []byte(doc))
			limits.wantError(t, "Get of "+doc, datastore.ErrCorrupt)
		}
	}},
}

var keptRules = []rule{
	{"age", "a document is kept for MaxAge and fetched again by the Get after that", func(t *testing.T, on target) {
		limits := start(t, on, Limits{})
		limits.put(t, []byte(`{"perMinute":1}`))
		want(t, "the first Get", limits, 1)
		limits.put(t, []byte(`{"perMinute":22}`))
		if on.has(Immediate) {
			want(t, "Get of a new document", limits, 22)
			return
		}
		limits.clock.pass(45*time.Second - 1)
		want(t, "Get before MaxAge", limits, 1)
		limits.clock.pass(1)
		want(t, "Get after MaxAge", limits, 22)
		for i := range 3 {
			limits.clock.pass(45 * time.Second)
			limits.put(t, []byte(`{"perMinute":3`+strings.Repeat("0", i)+`}`))
			want(t, "Get of a later document", limits, []int{3, 30, 300}[i])
		}
	}},
	{"same", "a document that is still the same is not read again", func(t *testing.T, on target) {
		limits := start(t, on, &Limits{})
		limits.put(t, []byte(`{"perMinute":1}`))
		first, err := limits.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			limits.clock.pass(time.Minute)
			if again, err := limits.Get(t.Context()); err != nil || again != first {
				t.Errorf("Get of the same document = %p, %v, want the %p of before", again, err, first)
			}
		}
	}},
	{"wrong", "a wrong document does not take the place of a good one until MaxStale is over", func(t *testing.T, on target) {
		limits := start(t, on, Limits{})
		limits.put(t, []byte(`{"perMinute":1}`))
		want(t, "the first Get", limits, 1)
		limits.put(t, []byte(`{"perMinute":-1}`))
		limits.clock.pass(time.Minute)
		want(t, "Get while the document is wrong", limits, 1)
		limits.clock.pass(24 * time.Hour)
		limits.wantError(t, "Get a day later", datastore.ErrCorrupt)
		limits.put(t, []byte(`{"perMinute":2}`))
		limits.clock.pass(time.Minute)
		want(t, "Get of one that is right again", limits, 2)
	}},
}
