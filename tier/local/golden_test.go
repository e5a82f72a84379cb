package local_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

var update = flag.Bool("update", false, "write the golden files")

// captured is the request that the semantics reference shows through four front
// doors.
func captured() *http.Request {
	r := httptest.NewRequest("POST", "/capture/space%20value?repeat=one&repeat=two"+
		"&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b&encodedPlus=a%2Bb&empty=", strings.NewReader(`{"hello":"world"}`))
	r.Host = "abc.execute-api.example.com"
	r.RemoteAddr = "203.0.113.7:51234"
	r.Header = http.Header{
		"x-probe": {"first", "second"}, "cookie": {"session=abc123; theme=dark"},
		"Content-Type": {"application/json"}, "Content-Length": {"17"}, "User-Agent": {"probe/1"}, "Accept": {"*/*"},
		"X-Amzn-Trace-Id": {"Root=1-00000000-000000000000000000000000"},
	}
	return r
}

// doors are all front doors, by the names of their golden files.
var doors = map[string]local.Door{
	"rest": local.REST{Stage: "live"}, "http": local.HTTP{}, "url": local.URL{}, "alb": local.ALB{}, "alb-multi": local.ALB{MultiValue: true},
}

// TestEventGolden is the capture table of the semantics reference: one request
// through every front door.
func TestEventGolden(t *testing.T) {
	t.Parallel()
	for name, door := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := payloadOf(t, declare(t, "/{proxy...}"), door, captured())
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, got, "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			golden := filepath.Join("testdata", name+"_event.json")
			if *update {
				if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), pretty.String()); d != "" {
				t.Errorf("event (-want +got):\n%s", d)
			}
		})
	}
}
