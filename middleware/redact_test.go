package middleware_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

type address struct {
	Street string `json:"street" redact:"personal"`
	City   string `json:"city"`
}

type person struct {
	ID       string `json:"id"`
	Email    string `json:"email,omitempty" redact:"personal"`
	Password string `redact:"secret"`
	Other    string `redact:"yes"`
	address
	Home    *address           `json:"home,omitempty"`
	Former  []address          `json:"former,omitempty"`
	ByName  map[string]address `json:"byName,omitempty"`
	Any     any                `json:"any,omitempty"`
	Hidden  string             `json:"-"`
	private string
	Friend  *person `json:"friend,omitempty"`
}

// card tells itself, with what must not be told.
type card struct {
	number string `redact:"secret"`
	Kind   string
}

func (c card) MarshalJSON() ([]byte, error) { return json.Marshal(c.number) }

// wrapper tells itself, with something of any type in it.
type wrapper struct{ Inner any }

func (w wrapper) MarshalJSON() ([]byte, error) { return json.Marshal(w.Inner) }

type secretToken string

func (secretToken) LogValue() slog.Value { return slog.StringValue("[token]") }

type level int

func (l level) MarshalText() ([]byte, error) { return []byte(fmt.Sprint("level-", int(l))), nil }

type embeds struct {
	*address
	Name string
}

const hush = "hush-hush" // what no text may have

var ada = person{ID: "p-1", Email: hush, Password: hush, Other: hush, address: address{hush, "Turin"}, private: hush, Hidden: hush}

// TestRedacted: what a value is told as, wherever the secret is.
func TestRedacted(t *testing.T) {
	t.Parallel()
	const told = `{"id":"p-1","email":"[personal]","Password":"[secret]","Other":"[redacted]","street":"[personal]","city":"Turin"`
	nested := ada
	nested.Home = &address{hush, "Rome"}
	nested.Former = []address{{hush, "Oslo"}}
	nested.ByName = map[string]address{"b": {hush, "Bern"}, "a": {hush, "Nice"}}
	nested.Any = map[string]any{"card": card{hush, "debit"}}
	loop := ada
	loop.Friend = &loop
	for _, tt := range []struct {
		name  string
		value any
		want  string
	}{
		{"a struct", ada, told + "}"},
		{"a pointer", &ada, told + "}"},
		{"a pointer to a pointer", ptr(ptr(ada)), told + "}"},
		{"a list", []any{ada, "x", 1, nil}, "[" + told + `},"x",1,null]`},
		{"a map", map[int]person{2: ada, 1: ada}, `{"1":` + told + `},"2":` + told + "}}"},
		{"nested", nested, told + `,"home":{"street":"[personal]","city":"Rome"},"former":[{"street":"[personal]","city":"Oslo"}],` +
			`"byName":{"a":{"street":"[personal]","city":"Nice"},"b":{"street":"[personal]","city":"Bern"}},"any":{"card":{"Kind":"debit"}}}`},
		{"what tells itself", card{hush, "debit"}, `{"Kind":"debit"}`},
		{"what tells something of any type", wrapper{ada}, `{"Inner":` + told + "}}"},
		{"what logs itself", struct{ T secretToken }{hush}, `{"T":"[token]"}`},
		{"embedded, nil", embeds{Name: "n"}, `{"Name":"n"}`},
		{"a nil pointer", (*person)(nil), "null"},
		{"a group", slog.GroupValue(slog.Any("p", ada)), "[p=" + told + "}]"},
		{"a header", http.Header{"Authorization": {hush}, "cookie": {hush}, "Accept": {"a", "b"}, "X-Api-Key": {hush}}, `{"Accept":"a, b","Authorization":"[secret]","X-Api-Key":"[secret]","cookie":"[secret]"}`},
		{"a URL", &url.URL{Scheme: "https", User: url.UserPassword("ada", hush), Host: "example.com"}, "https://ada:xxxxx@example.com"},
		{"known types", struct {
			T time.Time
			B *big.Int
			R json.RawMessage
			F float64
			N json.Number
			L map[level]level
			Y []byte
			C chan int
			D time.Duration
		}{time.Unix(0, 0).UTC(), big.NewInt(7), json.RawMessage(`{"a":1}`), math.Inf(1), "1.50", map[level]level{1: 2}, []byte("abc"), nil, time.Second},
			`{"T":"1970-01-01T00:00:00Z","B":7,"R":{"a":1},"F":"+Inf","N":"1.50","L":{"level-1":"level-2"},"Y":"3 bytes","C":"chan int","D":1000000000}`},
		{"text", "plain", "plain"},
		{"a number", 42, "42"},
		{"nothing", nil, "<nil>"},
		{"an error", fmt.Errorf("read: %w", errors.New("eof")), "read: eof"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := middleware.Redacted(tt.value).String()
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
				if text := fmt.Sprintf(format, middleware.Redacted(tt.value)); text != got {
					t.Errorf("%s = %s, want %s", format, text, got)
				}
			}
			text, err := json.Marshal(middleware.Redacted(tt.value))
			if err != nil || strings.Contains(string(text), hush) {
				t.Errorf("as JSON: %s, %v", text, err)
			}
			logs, book := newLogs(nil)
			log := logs.Logger()
			log.With("with", tt.value).WithGroup("g").With("in", tt.value).Info("m", "k", tt.value, slog.Group("inner", "k", tt.value))
			log.Info("again", "r", middleware.Redacted(tt.value))
			book.lines(t)
			if strings.Contains(book.String(), hush) {
				t.Errorf("the log has it:\n%s", book)
			}
		})
	}
	if text := middleware.Redacted(loop).String(); len(text) > 10_000 || !strings.HasSuffix(text, "}") || strings.Contains(text, hush) {
		t.Errorf("what holds itself: %s", text)
	}
}

func ptr[T any](v T) *T { return &v }

// TestRedactedLogged: what is logged as an object is one, in both formats.
func TestRedactedLogged(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	logs.Logger().Info("m", "p", address{hush, "Turin"}, "list", []int{1, 2}, "text", struct{ A string }{"a\nb"})
	want := []map[string]any{{"level": "INFO", "msg": "m", "p": map[string]any{"street": "[personal]", "city": "Turin"}, "list": []any{1., 2.}, "text": map[string]any{"A": "a\nb"}}}
	if d := cmp.Diff(want, book.lines(t)); d != "" {
		t.Error(d)
	}
	text := &logbook{}
	middleware.NewLogs(&middleware.LogOptions{Handler: slog.NewTextHandler(text, nil)}).Logger().Info("m", "p", address{hush, "Turin"})
	if want := `p="{\"street\":\"[personal]\",\"city\":\"Turin\"}"`; !strings.Contains(text.String(), want) {
		t.Errorf("%s, want %s in it", text, want)
	}
}

// TestRedactedBound: a value costs no more than it may.
func TestRedactedBound(t *testing.T) {
	t.Parallel()
	deep := any("end")
	for range 10_000 {
		deep = []any{deep}
	}
	many := map[int]string{}
	for i := range 5000 {
		many[i] = "v"
	}
	for name, v := range map[string]any{
		"deep": deep, "wide": make([]int, 1<<20), "long": strings.Repeat("\x01", 1<<20), "many": many, "raw": json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`),
		"lists": [][]string{make([]string, 10_000), make([]string, 10_000)}, "keys": map[string]int{strings.Repeat("k", 1<<20): 1},
	} {
		text, err := json.Marshal(middleware.Redacted(v))
		if err != nil || len(text) > 120<<10 || !json.Valid(text) {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
}

// cardError is an error that says in its text what must not be told.
type cardError struct {
	Number string `json:"number" redact:"personal"`
	Code   int    `json:"code"`
	Err    error  `json:"-"`
}

func (e cardError) Error() string { return "card " + e.Number + " is refused" }
func (e cardError) Unwrap() error { return e.Err }

type payee struct {
	Name string `json:"name" redact:"personal"`
	Code int    `json:"code"`
}

// refused is an error that says of what.
type refused struct {
	What any
	More []any
}

func (r refused) Error() string { return fmt.Sprint("refused ", r.What, r.More) }

// TestRedactedErrors: the text of an error with a tagged field is not told, wherever in
// the chain it is, nor by a log nor by an answer.
func TestRedactedErrors(t *testing.T) {
	t.Parallel()
	self := &cardError{Number: hush, Code: 9}
	self.Err = self
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"itself", cardError{Number: hush, Code: 7}, `text withheld for its redacted fields: middleware_test.cardError {"number":"[personal]","code":7}`},
		{"a cause", fmt.Errorf("pay: %w", &cardError{Number: hush, Code: 7}), `text withheld for its redacted fields: *middleware_test.cardError {"number":"[personal]","code":7}`},
		{"one of several", errors.Join(errors.New("a"), handler.Errorf(409, "no").Wrap(cardError{Number: hush, Code: 7})),
			`text withheld for its redacted fields: *handler.Error > middleware_test.cardError {"number":"[personal]","code":7}`},
		{"a panic", &handler.PanicError{Value: cardError{Number: hush, Code: 7}},
			`text withheld for its redacted fields: *handler.PanicError > middleware_test.cardError {"number":"[personal]","code":7}`},
		{"a panic of a value", fmt.Errorf("work: %w", &handler.PanicError{Value: map[string]payee{"a": {hush, 7}}}),
			`text withheld for its redacted fields: *handler.PanicError {"Value":{"a":{"name":"[personal]","code":7}},"Stack":null}`},
		{"a panic of a cause", &handler.PanicError{Value: fmt.Errorf("pay: %w", cardError{Number: hush, Code: 7})},
			`text withheld for its redacted fields: *handler.PanicError > middleware_test.cardError {"number":"[personal]","code":7}`},
		{"any value", refused{payee{hush, 7}, nil}, `text withheld for its redacted fields: middleware_test.refused {"What":{"name":"[personal]","code":7},"More":null}`},
		{"any values", refused{nil, []any{1, &payee{hush, 7}}}, `text withheld for its redacted fields: middleware_test.refused {"What":null,"More":[1,{"name":"[personal]","code":7}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := middleware.Redacted(tt.err).String(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			logs, book := newLogs(nil)
			h := logs.Middleware()(fails(tt.err))
			a, _ := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/"))
			logs.Logger().Error("m", "err", tt.err, "in", struct{ E error }{tt.err}, "list", []error{tt.err})
			if strings.Contains(book.String()+string(a.Body), hush) {
				t.Errorf("it is told:\n%s\n%s", book, a.Body)
			}
		})
	}
	many := []error{cardError{Number: hush}}
	for range 200 {
		many = append([]error{errors.New("a")}, many...)
	}
	if text := middleware.Redacted(errors.Join(many...)).String(); strings.Contains(text, hush) {
		t.Errorf("many errors: %s", text)
	}
	if text := middleware.Redacted(errors.Join(many[:50]...)).String(); text != strings.Repeat("a\n", 49)+"a" {
		t.Errorf("many errors without a tagged field: %s", text)
	}
	if text := middleware.Redacted(self).String(); len(text) > 20_000 || strings.Contains(text, hush) {
		t.Errorf("what is its own cause: %s", text)
	}
	if text := middleware.Redacted((*cardError)(nil)).String(); strings.Contains(text, hush) {
		t.Errorf("a nil pointer: %s", text)
	}
}

// TestRedactedProblems: what a request is refused for does not say what was sent.
func TestRedactedProblems(t *testing.T) {
	t.Parallel()
	type login struct {
		Email  string   `json:"email" validate:"required,email" redact:"personal"`
		Pin    string   `json:"pin" validate:"len=4,numeric" redact:"secret"`
		Age    int      `json:"age" validate:"gte=18,lte=150" redact:"personal"`
		Color  string   `json:"color" validate:"oneof=red blue" redact:"personal"`
		Again  string   `json:"again" validate:"eqfield=Pin" redact:"secret"`
		Since  string   `json:"since" validate:"datetime=2006-01-02" redact:"personal"`
		Tags   []string `json:"tags" validate:"dive,max=3,startswith=a" redact:"personal"`
		Amount int      `json:"amount" redact:"personal"`
		Query  int      `query:"pin" redact:"secret"`
		Header int      `header:"X-Pin" redact:"secret"`
		Path   int      `path:"pin" redact:"secret"`
	}
	logs, book := newLogs(nil)
	h := logs.Middleware()(routed(t, "POST /{pin}", handler.New(func(ctx context.Context, in login) (struct{}, error) {
		t.Error("the handler ran")
		return struct{}{}, nil
	})))
	for _, body := range []string{
		`{"email":"hush-hush","pin":"hush-hush","age":7331,"color":"hush-hush","again":"hush-hush!","since":"hush-hush","tags":["hush-hush"],"amount":1}`,
		`{"email":["hush-hush"],"amount":"hush-hush","age":{"hush":"hush-hush"},"pin":7331}`,
		`{"amount":7331.5}`, `{"amount":hush-hush}`, `{"amount":7331733173317331733173317331}`,
	} {
		req := handlertest.Request("POST", "/hush-hush?pin=hush-hush", handlertest.Body("application/json", []byte(body)), handlertest.Header("X-Pin", hush))
		a, _ := handlertest.Do(t.Context(), h, req.WithPath("/7x31"))
		if a.Status != 400 {
			t.Errorf("%s: %d", body, a.Status)
		}
		for _, secret := range []string{hush, "7331"} {
			if strings.Contains(string(a.Body), secret) || strings.Contains(book.String(), secret) {
				t.Errorf("%s: %s is told:\n%s\n%s", body, secret, a.Body, book)
			}
		}
	}
}

func ExampleRedacted() {
	type customer struct {
		ID       string `json:"id"`
		Email    string `json:"email" redact:"personal"`
		Password string `json:"password" redact:"secret"`
	}
	c := customer{"c-1", "ada@example.com", "1234"}
	fmt.Println(fmt.Errorf("greet %v: no mail server", middleware.Redacted(c)))
	// Output: greet {"id":"c-1","email":"[personal]","password":"[secret]"}: no mail server
}
