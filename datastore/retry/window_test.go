package retry_test

import (
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// TestAdd: attempts count for the width of the window, also where the clock jumps.
func TestAdd(t *testing.T) {
	t.Parallel()
	type attempt struct {
		after  time.Duration // since the one before
		failed bool
	}
	for name, tt := range map[string]struct {
		attempts []attempt
		want     retry.Count
	}{
		"all within":           {[]attempt{{0, true}, {time.Second, false}, {8 * time.Second, true}}, retry.Count{All: 3, Failed: 2}},
		"the first has left":   {[]attempt{{0, true}, {5 * time.Second, true}, {5 * time.Second, false}}, retry.Count{All: 2, Failed: 1}},
		"all have left":        {[]attempt{{0, true}, {0, true}, {time.Hour, false}}, retry.Count{All: 1}},
		"the clock goes back":  {[]attempt{{0, true}, {-time.Hour, true}}, retry.Count{All: 1, Failed: 1}},
		"on the same instant":  {[]attempt{{0, true}, {0, false}, {0, false}}, retry.Count{All: 3, Failed: 1}},
		"one after each other": {[]attempt{{0, true}, {9 * time.Second, true}, {9 * time.Second, true}}, retry.Count{All: 2, Failed: 2}},
	} {
		w, now := retry.NewWindow(10*time.Second), time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		var got retry.Count
		for _, a := range tt.attempts {
			now = now.Add(a.after)
			got = w.Add(now, a.failed)
		}
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
		w.Reset()
		if got := w.Add(now, false); got != (retry.Count{All: 1}) {
			t.Errorf("%s: after Reset %+v, want one attempt", name, got)
		}
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		count retry.Count
		calls int
		ratio float64
		want  bool
	}{
		{retry.Count{All: 9, Failed: 9}, 10, 0.5, false},
		{retry.Count{All: 10, Failed: 5}, 10, 0.5, true},
		{retry.Count{All: 10, Failed: 4}, 10, 0.5, false},
		{retry.Count{All: 10}, 10, 0, false},
		{retry.Count{All: 10, Failed: 1}, 10, 0, true},
	} {
		if got := tt.count.Over(tt.calls, tt.ratio); got != tt.want {
			t.Errorf("%+v over %d, %v: %v, want %v", tt.count, tt.calls, tt.ratio, got, tt.want)
		}
	}
}
