package template_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

const edgeCertificate = "arn:aws:acm:us-east-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77"

// webShop is a page with a router, with a REST API and an HTTP API.
func webShop(*datastore.Data) *tier.App {
	app := tier.New("shop")
	orders := app.API("orders")
	orders.Handle("GET /orders/{id}", handler.New(get))
	news := app.API("news", tier.HTTP)
	news.Handle("GET /", handler.New(list))
	web := app.Site("web", tier.SiteOptions{
		Folder: "web/dist", SPA: true, Immutable: []string{"assets/"}, MaxAge: time.Hour, PriceClass: tier.Price100,
		Headers: map[string]string{"x-frame-options": "SAMEORIGIN", "Cross-Origin-Opener-Policy": "", "X-Robots-Tag": "noindex"},
	})
	web.API("/api", orders)
	web.API("/api/news", news)
	web.Domain(edgeCertificate, "shop.example", "www.shop.example")
	return app
}

// plainSite has pages alone.
func plainSite(*datastore.Data) *tier.App {
	app := tier.New("manual")
	app.Site("docs", tier.SiteOptions{Folder: "public", NotFound: "404.html"})
	return app
}

// TestSiteIsPrivate: nobody but the distribution reads the bucket, and it only reads.
func TestSiteIsPrivate(t *testing.T) {
	t.Parallel()
	for name, newApp := range map[string]func(*datastore.Data) *tier.App{"WebSite": webShop, "DocsSite": plainSite} {
		var d doc
		if err := json.Unmarshal(sam(t, newApp), &d); err != nil {
			t.Fatal(err)
		}
		block := d.Resources[name+"Bucket"].Properties["PublicAccessBlockConfiguration"]
		if d := cmp.Diff(map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}, block); d != "" {
			t.Error(d)
		}
		only := map[string]any{"StringEquals": map[string]any{"AWS:SourceArn": map[string]any{
			"Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${" + name + "}",
		}}}
		var allowed []string
		for _, st := range d.Resources[name+"BucketPolicy"].Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			st := st.(map[string]any)
			if st["Effect"] != "Allow" {
				continue
			}
			allowed = append(allowed, st["Action"].(string))
			if d := cmp.Diff(only, st["Condition"]); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(map[string]any{"Service": "cloudfront.amazonaws.com"}, st["Principal"]); d != "" {
				t.Error(d)
			}
		}
		if d := cmp.Diff([]string{"s3:GetObject", "s3:ListBucket"}, allowed); d != "" {
			t.Error(d)
		}
	}
}

// node is the Node.js that runs what CloudFront would.
func node(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TIERKIT_TEST_NODE")
	if path == "" && os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
		t.Fatal("TIERKIT_TEST_NODE is not set, and TIERKIT_TEST_SERVERS=require: install Node.js and name it")
	}
	if path == "" {
		t.Skip("TIERKIT_TEST_NODE is not set: the functions of CloudFront are not run")
	}
	return path
}

// edge runs a function of a template on requests, and is what it made of their paths.
func edge(t *testing.T, newApp func(*datastore.Data) *tier.App, id string, requests []edgeRequest) []string {
	t.Helper()
	var d doc
	if err := json.Unmarshal(sam(t, newApp), &d); err != nil {
		t.Fatal(err)
	}
	asked, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "edge.js")
	code := `"use strict";` + "\n" + d.Resources[id].Properties["FunctionCode"].(string) + `
const asked = ` + string(asked) + `;
console.log(JSON.stringify(asked.map(r => handler({ request: { method: r.method, uri: r.uri, querystring: {},
  headers: r.accept ? { accept: { value: r.accept } } : {} } }).uri)));`
	if err := os.WriteFile(script, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(node(t), script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var uris []string
	if err := json.Unmarshal(out, &uris); err != nil {
		t.Fatal(err)
	}
	return uris
}

type edgeRequest struct {
	Method string `json:"method"`
	URI    string `json:"uri"`
	Accept string `json:"accept"`
}

// TestEdgePages: the function of CloudFront and tier.Site.Object choose the same file.
func TestEdgePages(t *testing.T) {
	t.Parallel()
	var requests []edgeRequest
	for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
		for _, uri := range []string{
			"/", "//", "/index.html", "/orders", "/orders/", "/orders/7", "/a.b/c", "/a/b.js", "/a/.", "/users/jane.doe", "/%2E", "/a%2Fb",
			"/.well-known/", "/.well-known/apple-app-site-association", "/.well-known", "/x/.well-known/y", "/a//", "/ü",
		} {
			for _, accept := range []string{"", "*/*", "text/html,application/xhtml+xml", "application/json", "image/avif,image/webp,*/*;q=0.8"} {
				requests = append(requests, edgeRequest{method, uri, accept})
			}
		}
	}
	for id, newApp := range map[string]func(*datastore.Data) *tier.App{"WebSitePages": webShop, "DocsSitePages": plainSite} {
		site := newApp(nil).Sites()[0]
		chosen := map[string]bool{}
		got := edge(t, newApp, id, requests)
		for i, r := range requests {
			want := site.Object(r.Method, r.URI, r.Accept)
			chosen[want] = true
			if got[i] != want {
				t.Errorf("%s: %+v: CloudFront asks for %q, Object is %q", id, r, got[i], want)
			}
		}
		if !chosen["/index.html"] || !chosen["/a/b.js"] {
			t.Errorf("%s: only %v was chosen", id, chosen)
		}
	}
}

// TestEdgeAPIs: the path of the API is taken off, the longest that fits, at the end of a
// segment.
func TestEdgeAPIs(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"/api/orders/7":       "/orders/7",
		"/api/":               "/",
		"/api/news/":          "/",
		"/api/news/x%2Fy":     "/x%2Fy",
		"/api/newspaper":      "/newspaper",
		"/api/api/x":          "/api/x",
		"/x/../api/orders":    "/x/../api/orders",
		"/%61pi/orders":       "/%61pi/orders",
		"/apix/orders":        "/apix/orders",
		"/api/news/api/news/": "/api/news/",
	}
	var requests []edgeRequest
	var all []string
	for uri, path := range want {
		requests, all = append(requests, edgeRequest{Method: "POST", URI: uri}), append(all, path)
	}
	if d := cmp.Diff(all, edge(t, webShop, "WebSiteApis", requests)); d != "" {
		t.Error(d)
	}
}

// TestSiteBehaviors: what fits first is the longest path, nothing of an API is cached,
// and it gets no Host of the site.
func TestSiteBehaviors(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, webShop), &d); err != nil {
		t.Fatal(err)
	}
	config := d.Resources["WebSite"].Properties["DistributionConfig"].(map[string]any)
	var got []string
	for _, b := range config["CacheBehaviors"].([]any) {
		b := b.(map[string]any)
		got = append(got, fmt.Sprint(b["PathPattern"], " ", b["TargetOriginId"], " ", b["CachePolicyId"], " ", b["OriginRequestPolicyId"]))
	}
	const policies = " 4135ea2d-6df8-44a3-9df3-4b5a84be39ad b689b0a8-53d0-40ab-baf2-68738e2966ac"
	if d := cmp.Diff([]string{"/api/news/* api-news" + policies, "/api/* api-orders" + policies}, got); d != "" {
		t.Error(d)
	}
	paths := map[string]any{}
	for _, o := range config["Origins"].([]any) {
		o := o.(map[string]any)
		paths[o["Id"].(string)] = o["OriginPath"]
	}
	if d := cmp.Diff(map[string]any{"files": nil, "api-orders": "/live", "api-news": nil}, paths); d != "" {
		t.Error(d)
	}
	if config["CustomErrorResponses"] != nil {
		t.Error("an error page would hide what the APIs answer")
	}
}

// TestSiteHeaders: what the policy says is what Headers has, and nothing that CloudFront
// takes elsewhere is among the others.
func TestSiteHeaders(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, webShop), &d); err != nil {
		t.Fatal(err)
	}
	config := d.Resources["WebSiteHeaders"].Properties["ResponseHeadersPolicyConfig"].(map[string]any)
	security := config["SecurityHeadersConfig"].(map[string]any)
	got := map[string]string{
		"Content-Security-Policy":   security["ContentSecurityPolicy"].(map[string]any)["ContentSecurityPolicy"].(string),
		"Referrer-Policy":           security["ReferrerPolicy"].(map[string]any)["ReferrerPolicy"].(string),
		"Strict-Transport-Security": fmt.Sprintf("max-age=%v; includeSubDomains", security["StrictTransportSecurity"].(map[string]any)["AccessControlMaxAgeSec"]),
		"X-Content-Type-Options":    "nosniff",
		"X-Frame-Options":           security["FrameOptions"].(map[string]any)["FrameOption"].(string),
	}
	for _, h := range config["CustomHeadersConfig"].(map[string]any)["Items"].([]any) {
		h := h.(map[string]any)
		got[h["Header"].(string)] = h["Value"].(string)
	}
	got["Strict-Transport-Security"] = strings.Replace(got["Strict-Transport-Security"], "3.1536e+07", "31536000", 1)
	want := map[string]string{}
	for _, h := range webShop(nil).Sites()[0].Headers() {
		want[h.Name] = h.Value
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if want["X-Frame-Options"] != "SAMEORIGIN" || want["X-Robots-Tag"] != "noindex" || want["Cross-Origin-Opener-Policy"] != "" {
		t.Errorf("Headers() = %v", want)
	}
}

// TestEdgeFunctionsFit: in the 10 KB that CloudFront takes, and with names that it takes.
func TestEdgeFunctionsFit(t *testing.T) {
	t.Parallel()
	longest := func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.Handle("GET /", handler.New(list))
		site := app.Site("a"+strings.Repeat("b", 39), tier.SiteOptions{Folder: "web"})
		for i := range 20 {
			site.API("/"+strings.Repeat(string(rune('a'+i)), 250), api)
		}
		return app
	}
	var d doc
	if err := json.Unmarshal(sam(t, longest), &d); err != nil {
		t.Fatal(err)
	}
	names := 0
	for id, r := range d.Resources {
		config := r.Properties
		for _, member := range []string{"OriginAccessControlConfig", "ResponseHeadersPolicyConfig"} {
			if inner, ok := config[member].(map[string]any); ok {
				config = inner
			}
		}
		if !strings.HasPrefix(r.Type, "AWS::CloudFront::") || r.Type == "AWS::CloudFront::Distribution" {
			continue
		}
		names++
		name := strings.Replace(config["Name"].(map[string]any)["Fn::Sub"].([]any)[0].(string), "${Unique}", "0b8f7a52", 1)
		if len(name) > 64 || url.PathEscape(name) != name {
			t.Errorf("%s: name %s", id, name)
		}
		if code, ok := r.Properties["FunctionCode"].(string); ok && len(code) > 10<<10 {
			t.Errorf("%s: %d bytes of code", id, len(code))
		}
	}
	if names != 4 {
		t.Errorf("%d names, want 4", names)
	}
	if !slices.ContainsFunc(longest(nil).Sites(), func(s *tier.Site) bool { return len(s.APIs()) == 20 }) {
		t.Error("the site has not all APIs")
	}
}
