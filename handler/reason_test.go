package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// errWeekend is the reason of the types of these tests, which quote what they refuse.
var errWeekend = errors.New("no weekday")

type weekday string

func (d *weekday) UnmarshalText(text []byte) error {
	if *d = weekday(text); strings.HasPrefix(string(text), "s") {
		return fmt.Errorf("%s is %w", text, errWeekend)
	}
	return nil
}

// shift decodes itself.
type shift struct{ Day weekday }

func (s *shift) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &s.Day) }

// patient decodes itself, and has what nobody may be told.
type patient struct {
	Sick []struct {
		Name string `redact:"personal"`
	}
}

func (p *patient) UnmarshalJSON(text []byte) error { return fmt.Errorf("%s: %w", text, errWeekend) }

type Rota struct {
	Day weekday `json:"day" query:"day"`
}

// TestReason: what a type says of a value that it refuses is in the error and not in
// the answer, unless a field with the tag redact is concerned.
func TestReason(t *testing.T) {
	t.Parallel()
	type members struct {
		Day    weekday         `json:"day"`
		Shift  *shift          `json:"shift"`
		Days   []weekday       `json:"days"`
		Of     map[weekday]int `json:"of"`
		Number float64         `json:"number"`
		Hidden struct {
			Days []weekday `json:"days"`
		} `json:"hidden" redact:"secret"`
		Patient patient `json:"patient"`
	}
	type embedding struct {
		Rota `redact:"personal"`
	}
	type day struct {
		Day weekday `json:"day"`
	}
	type embeddingJSON struct {
		day `redact:"personal"`
	}
	type params struct {
		Day    weekday   `query:"day"`
		Days   []weekday `header:"X-Days"`
		Hidden weekday   `query:"hidden" redact:"personal"`
	}
	type whole struct {
		Shift shift `body:""`
	}
	type wholeHidden struct {
		Shift shift `body:"" redact:"personal"`
	}
	for _, tt := range []struct {
		name  string
		op    handler.Handler
		query string
		body  string
		want  []string // reasons; none: there is none
	}{
		{"text", op[members](), "", `{"day":"sunday"}`, []string{"body.day: sunday is no weekday"}},
		{"JSON", op[members](), "", `{"shift":"sunday"}`, []string{"body.shift: sunday is no weekday"}},
		{"several", op[members](), "", `{"days":["monday","sunday","saturday"],"number":"1"}`,
			[]string{"body.days[1]: sunday is no weekday", "body.days[2]: saturday is no weekday"}},
		{"name", op[members](), "", `{"of":{"sunday":1}}`, []string{"body.of[sunday]: sunday is no weekday"}},
		{"whole", op[whole](), "", `"sunday"`, []string{"body: sunday is no weekday"}},
		{"query and header", op[params](), "day=sunday&hidden=saturday", "", []string{"query.day: sunday is no weekday", "header.X-Days[1]: some is no weekday"}},
		{"another kind of issue", op[members](), "", `{"number":"sunday"}`, nil},
		{"redacted above", op[members](), "", `{"hidden":{"days":["sunday"]}}`, nil},
		{"redacted inside", op[members](), "", `{"patient":"sunday"}`, nil},
		{"redacted whole", op[wholeHidden](), "", `"sunday"`, nil},
		{"redacted embedding", op[embedding](), "day=sunday", ``, nil},
		{"redacted embedding, JSON", op[embeddingJSON](), "", `{"day":"sunday"}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := handlertest.Request("POST", "/?"+tt.query, handlertest.Body("application/json", []byte(tt.body)), handlertest.Header("X-Days", "monday, some"))
			_, err := tt.op.Handle(t.Context(), req)
			e := (*handler.Error)(nil)
			if !errors.As(err, &e) || e.Status != 400 || len(e.Fields) == 0 {
				t.Fatalf("Handle = %v, want a refusal", err)
			}
			if answer := string(handler.Respond(req, err).Body); strings.Contains(answer, "weekday") {
				t.Errorf("the client reads %s", answer)
			}
			if len(tt.want) == 0 && e.Err != nil {
				t.Errorf("the reason is told: %v", err)
			}
			if len(tt.want) > 0 && (e.Err == nil || e.Err.Error() != strings.Join(tt.want, "\n") || !errors.Is(err, errWeekend)) {
				t.Errorf("the error is %v, want the reasons %q", err, tt.want)
			}
		})
	}
}

// op takes an In and does nothing.
func op[In any]() handler.Handler {
	return handler.New(func(context.Context, In) (none, error) { return none{}, nil })
}
