package handler_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// inProportion runs work on texts of n and of 16 n bytes and holds the times against each
// other: 16 would be in proportion, and 256 what takes the square. The least of several
// runs counts, so that what else the machine does does not.
func inProportion(t *testing.T, name string, work func(n int)) {
	t.Helper()
	const n, times, most = 4 << 10, 16, 100
	least := func(n int) time.Duration {
		best := time.Hour
		for range 5 {
			begin := time.Now()
			work(n)
			best = min(best, time.Since(begin))
		}
		return best
	}
	var short, long time.Duration
	for range 3 {
		short, long = least(n), least(times*n)
		if long < most*max(short, 10*time.Microsecond) {
			return
		}
	}
	t.Errorf("%s: %v for %d bytes, %v for %d: not in proportion", name, short, n, long, times*n)
}

// fill is piece again and again, n bytes of it.
func fill(piece string, n int) string { return strings.Repeat(piece, n/len(piece)+1)[:n] }

// thousand is a mux of 1,000 patterns, half of them ways to read one path: each segment
// is a literal or a parameter.
func thousand(t *testing.T) *handler.Mux {
	t.Helper()
	mux, served := handler.NewMux(), handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return &handler.Response{}, nil })
	route := func(pattern string) {
		if err := mux.Route(pattern, served); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 512 {
		var path strings.Builder
		for bit := range 9 {
			if i>>bit&1 == 0 {
				path.WriteString("/a")
			} else {
				fmt.Fprintf(&path, "/{p%d}", bit)
			}
		}
		route("PUT " + path.String())
	}
	for i := range 487 {
		route(fmt.Sprintf("GET /r%d/{id}/items/{item}", i))
	}
	route("GET /files/{path...}")
	return mux
}

// TestHostilePaths: no path takes more than time in proportion to its length, whatever
// the patterns are, and none that fits nowhere takes a walk of all of them.
func TestHostilePaths(t *testing.T) {
	mux := thousand(t)
	for _, piece := range []string{"/", "a/", "/a", "%61/", "%2f", "%", "%%/", "a%", "../", "/.", "//a", ";", "r1/", "\x00", "\xff/", "é"} {
		for _, head := range []string{"/", "/a/a/a/a/a/a/a/a/", "/files/", "/r7/1/items/"} {
			inProportion(t, head+piece+"...", func(n int) {
				req := handlertest.Request("GET", "/").WithPath(head + fill(piece, n))
				if a, _ := handlertest.Do(t.Context(), mux, req); a.Status >= 500 {
					t.Errorf("%s: %d", piece, a.Status)
				}
			})
		}
	}
}

// TestHostileChoice: how much of a mux is looked at does not grow with the number of
// patterns that a path could not be of.
func TestHostileChoice(t *testing.T) {
	few := handler.NewMux()
	if err := few.Route("GET /r7/{id}/items/{item}", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{}, nil
	})); err != nil {
		t.Fatal(err)
	}
	many := thousand(t)
	for _, path := range []string{"/r7/1/items/2", "/r7/1/items/2/3", "/none", "/r486", "/" + fill("r", 5000)} {
		req := handlertest.Request("GET", "/").WithPath(path)
		allocs := func(mux *handler.Mux) float64 {
			return testing.AllocsPerRun(10, func() { _, _ = mux.Handle(t.Context(), req) })
		}
		if one, thousand := allocs(few), allocs(many); thousand > one {
			t.Errorf("%.20s: %v allocations among 1,000 patterns, %v with one", path, thousand, one)
		}
	}
}

// TestHostileRequests: nor does any header, query, cookie or body that says where from a
// page is, which version is wanted or what the input is.
func TestHostileRequests(t *testing.T) {
	type input struct {
		Q      []string `query:"q"`
		N      int      `query:"n"`
		Cookie string   `cookie:"s"`
		H      string   `header:"X-H"`
		Body   struct {
			Tags []string       `json:"tags" validate:"dive,max=3"`
			Mail string         `json:"mail" validate:"omitempty,email"`
			URL  string         `json:"url" validate:"omitempty,url"`
			Any  map[string]any `json:"any"`
		} `body:""`
	}
	typed := handler.New(func(context.Context, input) (struct{}, error) { return struct{}{}, nil })
	mux := handler.NewMux()
	if err := mux.Route("POST /", typed); err != nil {
		t.Fatal(err)
	}
	var origins []string
	for i := range 1000 {
		origins = append(origins, fmt.Sprintf("https://%s%d.example.com", fill("a", i%60+1), i))
	}
	cors := handler.CORS{Origins: origins}.Middleware()(mux)
	byHeader := versionsAround(t, handler.Versions{Releases: releases(), Header: "Api-Version"}, mux)
	byType := versionsAround(t, handler.Versions{Releases: releases(), MediaType: "application/vnd.shop"}, mux)
	post := func(body string) *handler.Request {
		return handlertest.Request("POST", "/", handlertest.Body("application/json", []byte(body)))
	}
	do := func(name string, h handler.Handler, make func(n int) *handler.Request) {
		inProportion(t, name, func(n int) {
			if a, _ := handlertest.Do(t.Context(), h, make(n)); a.Status >= 500 {
				t.Errorf("%s: %d", name, a.Status)
			}
		})
	}
	for _, piece := range []string{",", ";", `"`, `\`, `\"`, "=", " ", "a", "a=", "a=b;", "a=b&", "%", "%41", "*", "*.", ".", "https://", "https://a1.", "v1", "1", "\x00", "\xff",
		"application/vnd.shop.v9+json,", "application/vnd.shop+json;version=2,", `application/vnd.shop+json;version="`, ";a*0=b", ";q=0."} {
		for _, name := range []string{"Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method", "Cookie", "X-H", "Content-Type", "Accept"} {
			do("CORS: "+name+" "+piece, cors, func(n int) *handler.Request { return post(`{}`).WithHeader(name, fill(piece, n)) })
		}
		do("preflight: "+piece, cors, func(n int) *handler.Request {
			return handlertest.Request("OPTIONS", "/", handlertest.Header("Origin", fill(piece, n)), handlertest.Header("Access-Control-Request-Method", "POST"))
		})
		do("version: "+piece, byHeader, func(n int) *handler.Request { return post(`{}`).WithHeader("Api-Version", fill(piece, n)) })
		do("media type: "+piece, byType, func(n int) *handler.Request { return post(`{}`).WithHeader("Accept", fill(piece, n)) })
		do("query: "+piece, mux, func(n int) *handler.Request { return post(`{}`).WithRawQuery("q=" + fill(piece, n)) })
	}
	for _, piece := range []string{`q=a&`, `n=1&`, `&`, `=`, `q=%61&`} {
		do("query: "+piece, mux, func(n int) *handler.Request { return post(`{}`).WithRawQuery(fill(piece, n)) })
	}
	for _, body := range [][3]string{
		{"", " ", ""}, {"", "[", ""}, {`{"any":`, `{"a":`, ""}, {`{"tags":[`, `"abcd",`, `""]}`}, {`{"tags":[`, `1,`, `1]}`}, {`{"`, `a`, `":1}`}, {`{"mail":"`, "a.", `@b"}`},
		{`{"mail":"`, "a@", `"}`}, {`{"mail":"`, "!", `a"}`}, {`{"url":"http://`, "a:", `"}`}, {`{"mail":"`, `\u0061`, `"}`}, {`{"any":{"n":`, `1`, `}}`}, {`{"any":{"n":0.`, `1`, `e1}}`},
	} {
		do("body: "+body[0]+body[1], mux, func(n int) *handler.Request {
			return post(body[0] + fill(body[1], n/len(body[1])*len(body[1])) + body[2])
		})
	}
	do("body: members", mux, func(n int) *handler.Request {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, `"m%d":1,`, i)
		}
		return post(`{"any":{` + b.String() + `"z":1}}`)
	})
	do("headers", cors, func(n int) *handler.Request {
		h := http.Header{}
		for i := range n / 16 {
			h.Add(fmt.Sprintf("X-%d", i), "v")
		}
		return post(`{}`).WithHeaders(h)
	})
}
