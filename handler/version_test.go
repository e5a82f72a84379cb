package handler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

var (
	since  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sunset = time.Date(2027, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
)

// releases are three, of which the first is deprecated.
func releases() []handler.Release {
	return []handler.Release{
		{Name: "1", Deprecated: since, Sunset: sunset, Link: "https://shop.example/v1"}, {Name: "2"}, {Name: "2026-01"},
	}
}

// versionsAround is h within the middleware of v.
func versionsAround(tb testing.TB, v handler.Versions, h handler.Handler) handler.Handler {
	tb.Helper()
	mw, err := v.Middleware()
	if err != nil {
		tb.Fatal(err)
	}
	return mw(h)
}

// versioned serves v with a handler for versions 1 and 2, which says its version.
func versioned(tb testing.TB, v handler.Versions) handler.Handler {
	tb.Helper()
	say := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		if req.Query("fail") != "" {
			return nil, handler.Errorf(http.StatusTeapot, "asked for")
		}
		return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(req.Version())}, nil
	})
	h := v.Dispatch(map[string]handler.Handler{"1": say, "2": say}, map[string]string{"2026-01": "PUT"})
	return versionsAround(tb, v, h)
}

type versionAnswer struct {
	Status      int
	Body        string // the version, or the code of a problem
	ContentType string
	Vary        string
	Deprecation string
}

func ask(t *testing.T, h handler.Handler, req *handler.Request) (versionAnswer, *handler.Response) {
	t.Helper()
	resp, err := h.Handle(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	a := versionAnswer{resp.StatusCode(), string(resp.Body), resp.Header.Get("Content-Type"), resp.Header.Get("Vary"), resp.Header.Get("Deprecation")}
	if a.ContentType == handler.ProblemType {
		var p handler.Problem
		if err := json.Unmarshal(resp.Body, &p); err != nil {
			t.Fatal(err)
		}
		a.Body = p.Code + ": " + p.Detail
		for _, f := range p.Errors {
			a.Body += " | " + f.Location + " " + f.Rule
		}
	}
	return a, resp
}

func TestVersionByHeader(t *testing.T) {
	t.Parallel()
	const how = "; send the header Api-Version with one of: 1, 2, 2026-01 | header.Api-Version "
	for name, c := range map[string]struct {
		fallback string
		header   []string
		want     versionAnswer
	}{
		"named":              {"", []string{"2"}, versionAnswer{200, "2", "application/json", "Api-Version", ""}},
		"with spaces":        {"", []string{" 2 "}, versionAnswer{200, "2", "application/json", "Api-Version", ""}},
		"deprecated":         {"", []string{"1"}, versionAnswer{200, "1", "application/json", "Api-Version", "@1767323045"}},
		"twice alike":        {"", []string{"2", "2"}, versionAnswer{200, "2", "application/json", "Api-Version", ""}},
		"twice":              {"2", []string{"1", "2"}, versionAnswer{400, "version_conflict: Api-Version is there several times, with different values" + how + "version", handler.ProblemType, "Api-Version", ""}},
		"none":               {"", nil, versionAnswer{400, "version_required: the request names no version of this API" + how + "required", handler.ProblemType, "Api-Version", ""}},
		"the default":        {"1", nil, versionAnswer{200, "1", "application/json", "Api-Version", "@1767323045"}},
		"unknown":            {"1", []string{"9"}, versionAnswer{400, `unknown_version: version "9" is none of this API` + how + "oneof", handler.ProblemType, "Api-Version", ""}},
		"long nonsense":      {"", []string{strings.Repeat("<\n", 99)}, versionAnswer{400, `unknown_version: version "` + strings.Repeat(`<\n`, 16) + `..." is none of this API` + how + "oneof", handler.ProblemType, "Api-Version", ""}},
		"without the method": {"", []string{"2026-01"}, versionAnswer{405, ": version 2026-01 of this path allows PUT", handler.ProblemType, "Api-Version", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := versioned(t, handler.Versions{Releases: releases(), Header: "api-version", Default: c.fallback})
			var opts []handlertest.Option
			if c.header != nil {
				opts = append(opts, handlertest.Header("Api-Version", c.header...))
			}
			got, _ := ask(t, h, handlertest.Request("GET", "/x", opts...))
			got.Vary = http.CanonicalHeaderKey(got.Vary)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestVersionByMediaType(t *testing.T) {
	t.Parallel()
	v := handler.Versions{Releases: releases(), MediaType: "application/vnd.Shop"}
	for name, c := range map[string]struct {
		accept, contentType string
		want                string // version or code
		answer              string // content type of the answer
	}{
		"in the name":           {"application/vnd.shop.v2+json", "", "2", "application/vnd.Shop.v2+json"},
		"a name with a sign":    {"application/vnd.shop.v2026-01+json", "", ": version 2026-01 of this path allows PUT", ""},
		"in a parameter":        {"application/vnd.shop+json; version=2", "", "2", "application/vnd.Shop+json; version=2"},
		"a quoted parameter":    {`application/vnd.shop+json; x="a,b"; version="2"`, "", "2", "application/vnd.Shop+json; version=2"},
		"no JSON":               {"application/vnd.shop.v2", "", "2", "application/json"},
		"among others":          {"text/html, application/vnd.shop.v2+json;q=0.5, */*;q=0.1", "", "2", "application/vnd.Shop.v2+json"},
		"the most wanted":       {"application/vnd.shop.v1+json;q=0.5, application/vnd.shop.v2+json", "", "2", "application/vnd.Shop.v2+json"},
		"the most wanted known": {"application/vnd.shop.v9+json, application/vnd.shop.v2+json;q=0.5", "", "2", "application/vnd.Shop.v2+json"},
		"not wanted":            {"application/vnd.shop.v2+json;q=0", "", "version_required", ""},
		"no quality":            {"application/vnd.shop.v2+json;q=x", "", "version_required", ""},
		"a quality of NaN":      {"application/vnd.shop.v2+json;q=NaN", "", "version_required", ""},
		"unknown":               {"application/vnd.shop.v9+json", "", "unknown_version", ""},
		"none":                  {"", "", "version_required", ""},
		"without version":       {"application/vnd.shop+json", "", "version_required", ""},
		"another type":          {"application/vnd.shopping.v2+json", "", "version_required", ""},
		"of the body":           {"*/*", "application/vnd.shop.v2+json", "2", "application/json"},
		"unknown of the body":   {"", "application/vnd.shop.v9+json", "unknown_version", ""},
		"both alike":            {"application/vnd.shop.v2+json", "application/vnd.shop+json;version=2", "2", "application/vnd.Shop.v2+json"},
		"both different":        {"application/vnd.shop.v2+json", "application/vnd.shop.v1+json", "version_conflict", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opts []handlertest.Option
			if c.accept != "" {
				opts = append(opts, handlertest.Header("Accept", c.accept))
			}
			if c.contentType != "" {
				opts = append(opts, handlertest.Body(c.contentType, []byte("{}")))
			}
			got, _ := ask(t, versioned(t, v), handlertest.Request("POST", "/x", opts...))
			if !strings.HasPrefix(got.Body, c.want) || got.Vary != "Accept" {
				t.Errorf("%+v, want %s and Vary: Accept", got, c.want)
			}
			if c.answer != "" && (got.Status != 200 || got.Body != c.want || got.ContentType != c.answer) {
				t.Errorf("%+v, want version %s as %s", got, c.want, c.answer)
			}
		})
	}
}

func TestVersionByStage(t *testing.T) {
	t.Parallel()
	v := handler.Versions{Releases: releases(), Stages: map[string]string{"live": "2", "old": "1"}}
	in := func(stage string) *handler.Request {
		return handlertest.Request("GET", "/x", handlertest.Facts(func(f *handler.Facts) { f.Stage = stage }))
	}
	for stage, want := range map[string]string{"live": "2", "old": "1", "dev": "version_required: the request names no version of this API; the stages with a version are: live (2), old (1)"} {
		if got, _ := ask(t, versioned(t, v), in(stage)); got.Body != want || got.Vary != "" {
			t.Errorf("stage %s: %+v, want %s", stage, got, want)
		}
	}
	v.Default = "1"
	if got, _ := ask(t, versioned(t, v), in("")); got.Body != "1" {
		t.Errorf("no stage: %+v, want the default", got)
	}
}

// TestDeprecationHeaders: RFC 9745 and RFC 8594, on every answer of a version.
func TestDeprecationHeaders(t *testing.T) {
	t.Parallel()
	h := versioned(t, handler.Versions{Releases: releases(), Header: "Api-Version"})
	for _, target := range []string{"/x", "/x?fail=1"} {
		_, resp := ask(t, h, handlertest.Request("GET", target, handlertest.Header("Api-Version", "1")))
		for name, want := range map[string]string{
			"Deprecation": "@1767323045",
			"Sunset":      "Sat, 02 Jan 2027 02:04:05 GMT",
			"Link":        `<https://shop.example/v1>; rel="deprecation", <https://shop.example/v1>; rel="sunset"`,
		} {
			if got := strings.Join(resp.Header.Values(name), ", "); got != want {
				t.Errorf("%s: %s: %q, want %q", target, name, got, want)
			}
		}
		if want := strings.Contains(target, "fail"); (resp.Err != nil) != want {
			t.Errorf("%s: Err %v; an answered error stays known", target, resp.Err)
		}
	}
}

// TestVersionByPath: the first segment, with case; a 404 lists the versions.
func TestVersionByPath(t *testing.T) {
	t.Parallel()
	v := handler.Versions{Releases: append(releases(), handler.Release{Name: "beta"}), Path: true}
	var version string
	next := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		version = req.Version()
		return nil, handler.Errorf(http.StatusNotFound, "there is nothing at this path")
	})
	h := versionsAround(t, v, next)
	for path, want := range map[string]struct{ version, deprecation, code string }{
		"/v1/x":      {"1", "@1767323045", ""},
		"/v1":        {"1", "@1767323045", ""},
		"/v2026-01/": {"2026-01", "", ""},
		"/vbeta/x":   {"beta", "", ""},
		"/vBeta/x":   {"", "", "unknown_version"},
		"/v9/x":      {"", "", "unknown_version"},
		"/v1x":       {"", "", "unknown_version"},
		"/1/x":       {"", "", "unknown_version"},
		"/":          {"", "", "unknown_version"},
	} {
		got, resp := ask(t, h, handlertest.Request("GET", path))
		code, _, _ := strings.Cut(got.Body, ":")
		if version != want.version || got.Deprecation != want.deprecation || code != want.code || got.Status != 404 {
			t.Errorf("%s: version %q, %+v; want %+v", path, version, got, want)
		}
		if listed := strings.Contains(got.Body, "/v1, /v2, /v2026-01, /vbeta"); listed != (want.code != "") {
			t.Errorf("%s: %s", path, resp.Body)
		}
	}
}

func TestVersionsCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v    handler.Versions
		want string
	}{
		"right":                 {handler.Versions{Releases: releases(), Path: true}, ""},
		"no way":                {handler.Versions{Releases: releases()}, "0 ways to name one"},
		"two ways":              {handler.Versions{Releases: releases(), Path: true, Header: "A"}, "2 ways to name one"},
		"a header":              {handler.Versions{Releases: releases(), Header: "a b"}, `header "a b"`},
		"a media type":          {handler.Versions{Releases: releases(), MediaType: "vnd"}, `media type "vnd"`},
		"a suffix":              {handler.Versions{Releases: releases(), MediaType: "application/vnd.shop+json"}, "without suffix"},
		"no releases":           {handler.Versions{Path: true}, "there are none"},
		"alike":                 {handler.Versions{Path: true, Releases: []handler.Release{{Name: "a"}, {Name: "A"}}}, "declared twice"},
		"a slash":               {handler.Versions{Path: true, Releases: []handler.Release{{Name: "a/b"}}}, `version "a/b": write up to 32`},
		"empty":                 {handler.Versions{Path: true, Releases: []handler.Release{{}}}, `version "": write up to 32`},
		"an unknown default":    {handler.Versions{Path: true, Releases: releases(), Default: "9"}, `the default "9" is none of them: /v1, /v2`},
		"over before":           {handler.Versions{Path: true, Releases: []handler.Release{{Name: "1", Deprecated: sunset, Sunset: since}}}, "before it is deprecated"},
		"a sunset alone":        {handler.Versions{Path: true, Releases: []handler.Release{{Name: "1", Sunset: since}}}, "never deprecated"},
		"no link":               {handler.Versions{Path: true, Releases: []handler.Release{{Name: "1", Deprecated: since, Link: "x"}}}, "write a URL"},
		"a link with a bracket": {handler.Versions{Path: true, Releases: []handler.Release{{Name: "1", Deprecated: since, Link: "https://a.example/>x"}}}, "write a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.v.Middleware(); (err == nil) != (c.want == "") {
				t.Errorf("Middleware = %v, want %q", err, c.want)
			}
			if err := c.v.Check(); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Check = %v, want %q", err, c.want)
			}
		})
	}
}

// FuzzVersionOfMediaType: whatever a client accepts, the answer is one of a
// version, with a content type that can be sent, or a problem document.
func FuzzVersionOfMediaType(f *testing.F) {
	for _, s := range []string{"application/vnd.shop.v2+json", `application/vnd.shop+json;version="2,\""`, "a/b;q=1e999,", `"`, `\`, ";;q=;,"} {
		f.Add(s, s)
	}
	h := versioned(f, handler.Versions{Releases: releases(), MediaType: "application/vnd.shop"})
	f.Fuzz(func(t *testing.T, accept, contentType string) {
		resp, err := h.Handle(context.Background(), handlertest.Request("GET", "/x",
			handlertest.Header("Accept", accept), handlertest.Header("Content-Type", contentType)))
		if err != nil {
			t.Fatal(err)
		}
		switch got := resp.Header.Get("Content-Type"); {
		case resp.StatusCode() == 200 && (string(resp.Body) == "1" || string(resp.Body) == "2") &&
			(got == "application/json" || strings.HasPrefix(got, "application/vnd.shop")) && !strings.ContainsAny(got, "\r\n"):
		case (resp.StatusCode() == 400 || resp.StatusCode() == 405) && got == handler.ProblemType && json.Valid(resp.Body):
		default:
			t.Errorf("Accept %q, Content-Type %q: %d %s %s", accept, contentType, resp.StatusCode(), got, resp.Body)
		}
	})
}

func ExampleVersions() {
	v := handler.Versions{Releases: []handler.Release{{Name: "1"}, {Name: "2"}}, Header: "Api-Version", Default: "1"}
	say := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte("version " + req.Version())}, nil
	})
	mw, err := v.Middleware()
	if err != nil {
		fmt.Println(err)
		return
	}
	h := mw(v.Dispatch(map[string]handler.Handler{"1": say, "2": say}, nil))
	for _, version := range []string{"2", "3"} {
		resp, err := h.Handle(context.Background(), handlertest.Request("GET", "/orders", handlertest.Header("Api-Version", version)))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(resp.StatusCode(), resp.Header.Get("Vary"), resp.Err)
	}
	// Output:
	// 200 Api-Version <nil>
	// 400 Api-Version 400 unknown_version: version "3" is none of this API; send the header Api-Version with one of: 1, 2: header.Api-Version must be one of: 1, 2
}
