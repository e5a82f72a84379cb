package secrettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// card is a secret with everything that a type may have.
type card struct {
	Key   secret.Text       `json:"key"`
	Port  int               `json:"port"`
	Tags  []string          `json:"tags"`
	Extra map[string]string `json:"extra"`
}

const cardText = `{"key":"sk-1","port":5432,"tags":["a","b"],"extra":{"c":"d"},"other":true}`

var valueRules = []rule{
	{"missing", "a secret that is not there answers ErrNotFound, with the store and the operation", func(t *testing.T, on target) {
		hush, _, _ := start[string](t, on)
		got, err := hush.Get(t.Context())
		wantError(t, "Get without a value", err, datastore.ErrNotFound)
		if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "secret hush" || e.Op != "get" || got != "" {
			t.Errorf("Get without a value = %q, %#v, want an error of secret hush, get", got, err)
		}
		var answered interface{ StatusCode() int }
		if !errors.As(err, &answered) || answered.StatusCode() != 500 {
			t.Errorf("Get without a value would be answered as %v to a client who did not ask for it, want 500", answered)
		}
		_, err = hush.Fresh(t.Context())
		wantError(t, "Fresh without a value", err, datastore.ErrNotFound)
		_, err = hush.Previous(t.Context())
		wantError(t, "Previous without a value", err, datastore.ErrNotFound)
		_, err = hush.Version(t.Context())
		wantError(t, "Version without a value", err, datastore.ErrNotFound)
	}},
	{"late", "what is not kept is not asked for after the deadline: ErrNoBudget", func(t *testing.T, on target) {
		hush, put, _ := start[string](t, on)
		put(t, []byte("x"))
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		_, err := hush.Get(ctx)
		wantError(t, "Get after the deadline", err, datastore.ErrNoBudget)
	}},
	{"text", "text comes back to the byte", func(t *testing.T, on target) {
		for _, want := range []string{"x", " two\nlines\r\n", "Grüße 👋 \x7f", `{"a":1}`, strings.Repeat("long", 1000)} {
			hush, put, _ := start[string](t, on)
			put(t, []byte(want))
			if got, err := hush.Get(t.Context()); err != nil || got != want {
				t.Errorf("Get of %.20q = %.20q, %v", want, got, err)
			}
		}
		hush, put, _ := start[secret.Text](t, on)
		put(t, []byte("hidden"))
		if got, err := hush.Get(t.Context()); err != nil || string(got) != "hidden" {
			t.Errorf("Get of a secret.Text = %q, %v, want the value", string(got), err)
		}
	}},
	{"bytes", "bytes come back as they are, and are the caller's own", func(t *testing.T, on target) {
		hush, put, _ := start[[]byte](t, on)
		want := []byte{0xff, 0, 1, 0x80}
		if on.has(TextOnly) {
			want = []byte("text as bytes")
		}
		put(t, want)
		for range 2 {
			got, err := hush.Get(t.Context())
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("Get = %x, %v, want %x", got, err, want)
			}
			got[0]++
		}
	}},
	{"JSON", "other types are read from JSON, and each caller has one of its own", func(t *testing.T, on target) {
		hush, put, _ := start[card](t, on)
		put(t, []byte(cardText))
		want := card{"sk-1", 5432, []string{"a", "b"}, map[string]string{"c": "d"}}
		for range 2 {
			got, err := hush.Get(t.Context())
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Fatalf("Get: %v (-want +got):\n%s", err, d)
			}
			got.Tags[0], got.Extra["c"] = "changed", "changed"
		}
	}},
	{"misfit", "a value that does not fit answers ErrCorrupt, and no part of it is in the error", func(t *testing.T, on target) {
		for _, value := range []string{`hunter2`, `{"key":"hunter2","port":"hunter2"}`, `{"key":77001234}`, `{"port":77001234567890123456}`, `["hunter2"]`} {
			hush, put, _ := start[card](t, on)
			put(t, []byte(value))
			got, err := hush.Get(t.Context())
			wantError(t, "Get of "+value, err, datastore.ErrCorrupt)
			for e := err; e != nil; e = errors.Unwrap(e) {
				if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, "hunter2") || strings.Contains(text, "77001234") {
					t.Errorf("Get of %s: the error has the value: %s", value, text)
				}
			}
			if d := cmp.Diff(card{}, got); d != "" {
				t.Errorf("Get of %s (-want +got):\n%s", value, d)
			}
		}
	}},
}
