package local_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// The functions of these tests run as in Lambda: front door, event, the doorway,
// a typed handler, answer.

type seenIn struct {
	ID      string   `path:"id"`
	Tags    []string `query:"tag"`
	Note    string   `query:"note"`
	Theme   string   `cookie:"theme"`
	Trace   string   `header:"X-Probe"`
	Comment string   `json:"comment" validate:"max=5"`
}

type seenOut struct {
	ID      string   `json:"id"`
	Tags    []string `json:"tags"`
	Note    string   `json:"note"`
	Theme   string   `json:"theme"`
	Trace   string   `json:"trace"`
	Comment string   `json:"comment"`
}

func look(_ context.Context, in seenIn) (seenOut, error) {
	return seenOut(in), nil
}

// mirror answers with the bytes it got.
var mirror = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	body, err := req.Body()
	if err != nil {
		return nil, err
	}
	return &handler.Response{Status: 201, Body: body, Header: http.Header{
		"Content-Type": {"application/octet-stream"}, "Set-Cookie": {"a=1", "b=2"}, "X-Length": {req.Header("Content-Length")},
	}}, nil
})

// where answers which front door the doorway has seen.
var where = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	f := req.Facts()
	text, err := json.Marshal([]string{f.FrontDoor, f.Remote, f.Scheme, f.Host, f.ID, f.Invocation})
	return &handler.Response{Body: text, Header: http.Header{"Content-Type": {"application/json"}}}, err
})

// lookAPI is an API whose functions run behind the doorway.
func lookAPI(tb testing.TB, door local.Door) *local.Gateway {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("POST /orders/{id}", handler.New(look))
	api.Handle("GET /files/{path...}", handler.New(func(_ context.Context, in struct {
		Path string `path:"path"`
	}) (seenOut, error) {
		return seenOut{ID: in.Path}, nil
	}))
	api.Handle("POST /mirror", mirror)
	api.Handle("GET /where", where)
	api.Handle("GET /fails", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		panic(http.ErrAbortHandler) // what the doorway answers with a function error
	}))
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	if rest, ok := door.(local.REST); ok {
		rest.BinaryMediaTypes = api.BinaryMediaTypes()
		door = rest
	}
	quiet := slog.New(slog.DiscardHandler)
	invoke := map[string]func(context.Context, []byte) ([]byte, error){}
	for _, f := range api.Functions() {
		h, err := f.Handler()
		if err != nil {
			tb.Fatal(err)
		}
		invoke[f.Name()] = lambda.New(h, &lambda.Options{Function: f.Name(), Logger: quiet}).Invoke
	}
	g, err := local.NewGateway(api, func(name string) local.Function { return local.Function{Invoke: invoke[name]} }, fixed(&local.Options{Door: door}))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// TestSameAnswers: whatever the front door, the function sees one request and
// the client one answer.
func TestSameAnswers(t *testing.T) {
	t.Parallel()
	type answer struct {
		Status      int
		ContentType string
		Body        string
	}
	for _, tt := range []struct {
		name, method, target, contentType, body string
		want                                    answer
	}{
		{"everything", "POST", "/orders/7?tag=b&note=a+b%2Bc", "application/json", `{"comment":"é"}`,
			answer{200, "application/json", `{"id":"7","tags":["b"],"note":"a b+c","theme":"dark","trace":"first","comment":"é"}`}},
		{"an encoded parameter", "POST", "/orders/a%20b%25?note=%26%3D", "application/json", `{}`,
			answer{200, "application/json", `{"id":"a b%","tags":[],"note":"&=","theme":"dark","trace":"first","comment":""}`}},
		{"the rest of a path", "GET", "/files/a/b%20c", "", "",
			answer{200, "application/json", `{"id":"a/b c","tags":[],"note":"","theme":"","trace":"","comment":""}`}},
		{"a failing field", "POST", "/orders/7", "application/json", `{"comment":"too long"}`, answer{400, "application/problem+json", "body.comment"}},
		{"no JSON", "POST", "/orders/7", "application/json", `{`, answer{400, "application/problem+json", "body"}},
		{"a content type that is not served", "POST", "/orders/7", "text/csv", `a`, answer{415, "application/problem+json", ""}},
		{"bytes", "POST", "/mirror", "application/octet-stream", "\x00\x01\xfe\xff", answer{201, "application/octet-stream", "\x00\x01\xfe\xff"}},
		{"bytes without a type", "POST", "/mirror", "", "\xff\x00", answer{201, "application/octet-stream", "\xff\x00"}},
		{"compressed", "POST", "/mirror", "application/x-gzip", "\x1f\x8b\x08", answer{201, "application/octet-stream", "\x1f\x8b\x08"}},
	} {
		for name, door := range doors {
			r := httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body))
			r.Header = http.Header{"Cookie": {"session=1; theme=dark"}, "X-Probe": {"first"}}
			if tt.contentType != "" {
				r.Header.Set("Content-Type", tt.contentType)
			}
			resp := do(t, lookAPI(t, door), r)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			got := answer{resp.StatusCode, resp.Header.Get("Content-Type"), string(body)}
			if got.ContentType == handler.ProblemType {
				var p handler.Problem
				if err := json.Unmarshal(body, &p); err != nil {
					t.Errorf("%s at %s: %v in %s", tt.name, door, err, body)
				}
				var at []string
				for _, e := range p.Errors {
					at = append(at, e.Location)
				}
				got.Body = strings.Join(at, ",")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%s at %s (-want +got):\n%s", tt.name, door, d)
			}
			if got.Status == 201 { // ALB-03, ADP-09: the one difference that a front door makes
				cookies := []string{"a=1", "b=2"}
				if name == "alb" {
					cookies = cookies[1:]
				}
				if d := cmp.Diff(cookies, resp.Header.Values("Set-Cookie")); d != "" {
					t.Errorf("T64, T65, ADP-09: cookies at %s (-want +got):\n%s", door, d)
				}
			}
		}
	}
}

// TestRepeatedParameter: what comes twice arrives twice, but at a load balancer
// without multi-value headers.
func TestRepeatedParameter(t *testing.T) {
	t.Parallel()
	for name, door := range doors {
		want := `"tags":["a","b"]`
		if name == "alb" {
			want = `"tags":["b"]`
		}
		r := httptest.NewRequest("POST", "/orders/7?tag=a&tag=b", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		body, _ := io.ReadAll(do(t, lookAPI(t, door), r).Body)
		if !strings.Contains(string(body), want) {
			t.Errorf("HTP-03, ALB-03: %s: %s, want %s in it", door, body, want)
		}
	}
}

// TestDoorwaySeesDoor: the doorway knows each front door by its event.
func TestDoorwaySeesDoor(t *testing.T) {
	t.Parallel()
	const invocation = "10111213-1415-4617-9819-1a1b1c1d1e1f"
	for name, id := range map[string]string{
		"rest": "00010203-0405-4607-8809-0a0b0c0d0e0f", "http": "ICEiIyQlJicoKSo=", "url": invocation, "alb": invocation, "alb-multi": invocation,
	} {
		r := httptest.NewRequest("GET", "/where", nil)
		r.Host = "localhost:8080"
		resp := do(t, lookAPI(t, doors[name]), r)
		body, _ := io.ReadAll(resp.Body)
		seen, _, _ := strings.Cut(name, "-")
		var got []string
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s: %v in %s", name, err, body)
		}
		if want := []string{seen, "192.0.2.1:0", "https", "localhost:8080", id, invocation}; !slices.Equal(got, want) {
			t.Errorf("%s: facts %q, want %q", name, got, want)
		}
	}
}

// TestFailureAnswers: one failure of a function and a path or a method that
// nobody serves, as each front door tells them.
func TestFailureAnswers(t *testing.T) {
	t.Parallel()
	const page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
	type answer struct {
		status      int
		contentType string
		body        string // of a problem document its title
	}
	problem := func(status int, title string) answer { return answer{status, handler.ProblemType, title} }
	none := answer{404, "application/json", `{"message":"Not Found"}`}
	for _, tt := range []struct {
		name, method, path string
		want               map[string]answer
		why                string
	}{
		{"function error", "GET", "/fails", map[string]answer{
			"rest": {502, "application/json", `{"message": "Internal server error"}`},
			"http": {500, "application/json", `{"message":"Internal Server Error"}`},
			"url":  {502, "text/plain", `Internal Server Error`},
			"alb":  {502, "text/html", page}, "alb-multi": {502, "text/html", page},
		}, "T139, HTP-35, RST-54, FUR-12, ALB-09"},
		{"unknown path", "GET", "/nothing", map[string]answer{
			"rest": problem(404, "Not Found"), "http": none, "url": problem(404, "Not Found"),
			"alb": problem(404, "Not Found"), "alb-multi": problem(404, "Not Found"),
		}, "T132, RTE-22"},
		{"wrong method", "DELETE", "/mirror", map[string]answer{
			"rest": problem(405, "Method Not Allowed"), "http": none, "url": problem(405, "Method Not Allowed"),
			"alb": problem(405, "Method Not Allowed"), "alb-multi": problem(405, "Method Not Allowed"),
		}, "RTE-22: an HTTP API has no mock integrations"},
	} {
		for name, want := range tt.want {
			resp := do(t, lookAPI(t, doors[name]), httptest.NewRequest(tt.method, tt.path, nil))
			body, _ := io.ReadAll(resp.Body)
			got := answer{resp.StatusCode, resp.Header.Get("Content-Type"), string(body)}
			if got.contentType == handler.ProblemType {
				var p handler.Problem
				if err := json.Unmarshal(body, &p); err != nil || p.Status != got.status {
					t.Errorf("%s at %s: %v in %s", tt.name, name, err, body)
				}
				got.body = p.Title
				if allow := resp.Header.Get("Allow"); got.status == 405 && allow != "POST" {
					t.Errorf("%s at %s: Allow %q", tt.name, name, allow)
				}
			}
			if got != want {
				t.Errorf("%s at %s = %+v, want %+v\n%s", tt.name, name, got, want, tt.why)
			}
		}
	}
}
