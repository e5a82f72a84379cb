package local_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// The keys of the tests.
var (
	adaKeys  = sigv4.Credentials{AccessKey: "AKIALOCALADA00000001", Secret: "secret-of-ada-0123456789"}
	cleoKeys = sigv4.Credentials{
		AccessKey: "ASIALOCALCLEO0000001", Secret: "secret-of-cleo-0123456789", SessionToken: "token-of-cleo/+=",
		Expires: at.Add(time.Hour),
	}
	endedKeys = sigv4.Credentials{
		AccessKey: "ASIALOCALENDED000001", Secret: "secret-of-ended-0123456789", SessionToken: "token-of-ended", Expires: at.Add(-time.Minute),
	}
	strangerKeys = sigv4.Credentials{AccessKey: "AKIALOCALEVE00000001", Secret: "secret-of-eve-0123456789"}
	foreignKeys  = sigv4.Credentials{AccessKey: "AKIALOCALFAY00000001", Secret: "secret-of-fay-0123456789"}
)

// whoMayCall are the identities of the tests, all with the same policy: the
// statements, separated by commas.
func whoMayCall(tb testing.TB, statements string) *local.Identities {
	tb.Helper()
	policy, err := evaluate.ParseIdentity("p", []byte(`{"Version":"2012-10-17","Statement":[`+statements+`]}`))
	if err != nil {
		tb.Fatal(err)
	}
	policies := []*evaluate.Policy{policy}
	return &local.Identities{Region: "eu-central-1", Callers: []local.Identity{
		{Name: "ada", ARN: "arn:aws:iam::000000000000:user/ada", UserID: "AIDAADA", Credentials: adaKeys, Policies: policies},
		{Name: "shopper/cleo", ARN: "arn:aws:sts::000000000000:assumed-role/shopper/cleo", UserID: "AROASHOPPER:cleo", Credentials: cleoKeys, Policies: policies,
			Cognito: &local.CognitoIdentity{IdentityID: "eu-central-1:id", IdentityPoolID: "eu-central-1:pool", AuthenticationProvider: "provider"}},
		{Name: "shopper/ended", ARN: "arn:aws:sts::000000000000:assumed-role/shopper/ended", UserID: "AROASHOPPER:ended", Credentials: endedKeys, Policies: policies},
		{Name: "fay", ARN: "arn:aws:iam::111122223333:user/fay", UserID: "AIDAFAY", Credentials: foreignKeys, Policies: policies},
	}}
}

const mayAll = `{"Effect":"Allow","Action":"*","Resource":"*"}`

// guardedAPI has routes with IAM and one that is public.
func guardedAPI(tb testing.TB) *tier.API {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	for _, p := range []string{"GET /", "GET /a", "GET /ab", "GET /orders/{id}", "POST /orders/{id}", "PUT /files/{path...}", "/any"} {
		api.Handle(p, noop, tier.IAM())
	}
	api.Handle("GET /public", noop, tier.Public())
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	return api
}

// apiID is what the gateway makes of the name of guardedAPI.
const apiID = "8ysbfcyru4"

// arnOf is a resource of guardedAPI.
func arnOf(rest string) string {
	return "arn:aws:execute-api:eu-central-1:000000000000:" + apiID + "/" + rest
}

func allow(rest string) string {
	return `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + arnOf(rest) + `"}`
}

// signing is how a request is signed.
type signing struct {
	keys            sigv4.Credentials
	service, region string        // "" for execute-api, eu-central-1
	skew            time.Duration // of the clock
	presigned       time.Duration // 0 for the header
}

// sign signs a request of httptest.
func (s signing) sign(tb testing.TB, r *http.Request, body string) {
	tb.Helper()
	if s.service == "" {
		s.service = "execute-api"
	}
	if s.region == "" {
		s.region = "eu-central-1"
	}
	keys := s.keys
	keys.Expires = time.Time{} // the server is to say that they have ended
	signer := sigv4.NewSigner(s.service, s.region, &sigv4.SignerOptions{Now: func() time.Time { return at.Add(s.skew) }})
	if s.presigned == 0 {
		if err := signer.Sign(r, sigv4.Hash([]byte(body)), keys); err != nil {
			tb.Fatal(err)
		}
		return
	}
	signed, err := signer.Presign(r, s.presigned, keys)
	if err != nil {
		tb.Fatal(err)
	}
	r.URL = signed
	r.RequestURI = signed.RequestURI()
}

func (s signing) request(tb testing.TB, method, target, body string) *http.Request {
	tb.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	s.sign(tb, r, body)
	return r
}

// TestIAM is who gets through a REST API, and what the others are told.
func TestIAM(t *testing.T) {
	t.Parallel()
	by := func(s signing, method, target string) func(*testing.T) *http.Request {
		return func(t *testing.T) *http.Request { return s.request(t, method, target, "") }
	}
	unsigned := func(target string, header ...string) func(*testing.T) *http.Request {
		return func(*testing.T) *http.Request {
			r := httptest.NewRequest("GET", target, nil)
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			return r
		}
	}
	ada := signing{keys: adaKeys}
	const (
		denied    = "AccessDeniedException"
		invalid   = "InvalidSignatureException"
		unknown   = "UnrecognizedClientException"
		noToken   = `{"message":"Missing Authentication Token"}`
		signature = `{"message":"Signature expired: `
	)
	notAuthorized := func(who, rest, more string) string {
		return `{"Message":"User: arn:aws:` + who + ` is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-central-1:********0000:` +
			apiID + "/local/" + rest + more + `"}`
	}
	condition := func(c string) string {
		return `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*","Condition":{` + c + `}}`
	}
	for name, c := range map[string]struct {
		request   func(*testing.T) *http.Request
		policy    string
		status    int
		errorType string
		body      string // it starts so
		rule      string
	}{
		"signed":            {by(ada, "GET", "/orders/7"), mayAll, 200, "", "", "SIG-01"},
		"session":           {by(signing{keys: cleoKeys}, "GET", "/orders/7"), mayAll, 200, "", "", "SIG-06"},
		"presigned":         {by(signing{keys: adaKeys, presigned: time.Minute}, "GET", "/orders/7?x=1"), mayAll, 200, "", "", "T239"},
		"presigned session": {by(signing{keys: cleoKeys, presigned: time.Minute}, "GET", "/orders/7"), mayAll, 200, "", "", "T239"},
		"public":            {unsigned("/public"), mayAll, 200, "", "", "tier.Public"},

		"unsigned":          {unsigned("/a"), mayAll, 403, "MissingAuthenticationTokenException", noToken, "GWR-02"},
		"unknown path":      {unsigned("/nothing"), mayAll, 403, "MissingAuthenticationTokenException", noToken, "GWR-01"},
		"unknown, signed":   {by(ada, "GET", "/nothing"), mayAll, 403, "MissingAuthenticationTokenException", noToken, "GWR-01"},
		"a bearer token":    {unsigned("/a", "Authorization", "Bearer x"), mayAll, 403, "IncompleteSignatureException", "", "GWR-34"},
		"other secret":      {by(signing{keys: sigv4.Credentials{AccessKey: adaKeys.AccessKey, Secret: "guessed"}}, "GET", "/a"), mayAll, 403, invalid, `{"message":"The request signature we calculated does not match`, "GWR-18"},
		"4 minutes late":    {by(signing{keys: adaKeys, skew: -4 * time.Minute}, "GET", "/a"), mayAll, 200, "", "", "T236"},
		"4 minutes early":   {by(signing{keys: adaKeys, skew: 4 * time.Minute}, "GET", "/a"), mayAll, 200, "", "", "T236"},
		"6 minutes late":    {by(signing{keys: adaKeys, skew: -6 * time.Minute}, "GET", "/a"), mayAll, 403, invalid, signature, "GWR-18, T236"},
		"6 minutes early":   {by(signing{keys: adaKeys, skew: 6 * time.Minute}, "GET", "/a"), mayAll, 403, invalid, `{"message":"Signature not yet current: `, "T236"},
		"presigned, ended":  {by(signing{keys: adaKeys, presigned: time.Minute, skew: -2 * time.Minute}, "GET", "/a"), mayAll, 403, invalid, signature, "T239"},
		"unknown key":       {by(signing{keys: strangerKeys}, "GET", "/a"), mayAll, 403, unknown, `{"message":"The security token included in the request is invalid."}`, "SIG-10"},
		"another's token":   {by(signing{keys: sigv4.Credentials{AccessKey: cleoKeys.AccessKey, Secret: cleoKeys.Secret, SessionToken: endedKeys.SessionToken}}, "GET", "/a"), mayAll, 403, unknown, "", "SIG-06"},
		"without its token": {by(signing{keys: sigv4.Credentials{AccessKey: cleoKeys.AccessKey, Secret: cleoKeys.Secret}}, "GET", "/a"), mayAll, 403, unknown, "", "SIG-06"},
		"ended session":     {by(signing{keys: endedKeys}, "GET", "/a"), mayAll, 403, "ExpiredTokenException", `{"message":"The security token included in the request is expired"}`, "GWR-19"},
		"another service":   {by(signing{keys: adaKeys, service: "lambda"}, "GET", "/a"), mayAll, 403, invalid, "", "SIG-10"},
		"another region":    {by(signing{keys: adaKeys, region: "us-east-1"}, "GET", "/a"), mayAll, 403, invalid, "", "SIG-10"},

		"no policy":         {by(ada, "GET", "/a"), allow("local/GET/other"), 403, denied, notAuthorized("iam::000000000000:user/ada", "GET/a", ""), "GWR-09"},
		"a session's":       {by(signing{keys: cleoKeys}, "GET", "/a"), allow("local/GET/other"), 403, denied, notAuthorized("sts::000000000000:assumed-role/shopper/cleo", "GET/a", ""), "GWR-09"},
		"explicit deny":     {by(ada, "GET", "/a"), mayAll + `,{"Effect":"Deny","Action":"execute-api:*","Resource":"` + arnOf("local/GET/a") + `"}`, 403, denied, notAuthorized("iam::000000000000:user/ada", "GET/a", " with an explicit deny"), "T164, AUT-02, GWR-08"},
		"the whole ARN":     {by(ada, "GET", "/ab"), allow("local/GET/a"), 403, denied, "", "T163, AUT-01"},
		"its own ARN":       {by(ada, "GET", "/a"), allow("local/GET/a"), 200, "", "", "AUT-01"},
		"root":              {by(ada, "GET", "/"), allow("local/GET/"), 200, "", "", "AUT-01"},
		"a wildcard":        {by(ada, "PUT", "/files/x/y"), allow("local/PUT/files/*"), 200, "", "", "AUT-01: * matches /"},
		"another method":    {by(ada, "POST", "/orders/7"), allow("local/GET/orders/7"), 403, denied, "", "AUT-01"},
		"another stage":     {by(ada, "GET", "/a"), allow("live/GET/a"), 403, denied, "", "AUT-01"},
		"the method of ANY": {by(ada, "PATCH", "/any"), allow("local/PATCH/any"), 200, "", "", "AUT-01"},
		"the concrete path": {by(ada, "GET", "/orders/7"), allow("local/GET/orders/{id}"), 403, denied, "", "AUT-01"},
		"an escaped path":   {by(ada, "GET", "/orders/a%20b"), allow("local/GET/orders/a%20b"), 200, "", "", "AUT-01"},
		"another action":    {by(ada, "GET", "/a"), `{"Effect":"Allow","Action":"execute-api:InvalidateCache","Resource":"*"}`, 403, denied, "", "AUT-02"},
		"lists of actions":  {by(ada, "GET", "/a"), `{"Effect":"Allow","Action":["s3:Get*","execute-api:*"],"Resource":["` + arnOf("x") + `","` + arnOf("*") + `"]}`, 200, "", "", "AUT-02"},
		"another account":   {by(signing{keys: foreignKeys}, "GET", "/a"), mayAll, 403, denied, "", "both accounts must allow"},
		"too long an ARN":   {by(ada, "GET", "/orders/"+strings.Repeat("x", 1600)), mayAll, 414, "RequestEntityTooLargeException", "", "RST-57, AUT-03"},
		"its own name":      {by(ada, "GET", "/orders/ada"), allow("local/GET/orders/${aws:username}"), 200, "", "", "policy variables"},
		"another name":      {by(ada, "GET", "/orders/bob"), allow("local/GET/orders/${aws:username}"), 403, denied, "", "policy variables"},
		"its own identity":  {by(signing{keys: cleoKeys}, "GET", "/orders/eu-central-1:id"), allow("local/GET/orders/${cognito-identity.amazonaws.com:sub}"), 200, "", "", "policy variables"},
		"authenticated":     {by(signing{keys: cleoKeys}, "GET", "/a"), condition(`"ForAnyValue:StringEquals":{"cognito-identity.amazonaws.com:amr":"authenticated"}`), 200, "", "", "condition keys"},
		"its address":       {by(ada, "GET", "/a"), condition(`"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), 200, "", "", "condition keys"},
		"another address":   {by(ada, "GET", "/a"), condition(`"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}`), 403, denied, "", "condition keys"},
		"in time":           {by(ada, "GET", "/a"), condition(`"DateLessThan":{"aws:CurrentTime":"2026-07-10T00:00:00Z"},"NumericGreaterThan":{"aws:EpochTime":"1"}`), 200, "", "", "condition keys"},
		"too late":          {by(ada, "GET", "/a"), condition(`"DateLessThan":{"aws:CurrentTime":"2026-07-09T00:00:00Z"}`), 403, denied, "", "condition keys"},
		"secure":            {by(ada, "GET", "/a"), condition(`"Bool":{"aws:SecureTransport":"true"}`), 200, "", "", "condition keys"},
		"a user":            {by(ada, "GET", "/a"), condition(`"StringEquals":{"aws:PrincipalType":"User","aws:userid":"AIDAADA","aws:PrincipalAccount":"000000000000"}`), 200, "", "", "condition keys"},
		"no user":           {by(signing{keys: cleoKeys}, "GET", "/a"), condition(`"StringEquals":{"aws:PrincipalType":"User"}`), 403, denied, "", "condition keys"},
		"no program":        {by(ada, "GET", "/a"), condition(`"StringLike":{"aws:UserAgent":"curl*"}`), 403, denied, "", "condition keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, guardedAPI(t), &local.Options{Identities: whoMayCall(t, c.policy)}, answering(`{}`))
			resp := do(t, g, c.request(t))
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || value(resp.Header, "x-amzn-ErrorType") != c.errorType || !strings.HasPrefix(string(body), c.body) {
				t.Errorf("%d %s %s; want %d %s %s (%s)", resp.StatusCode, value(resp.Header, "x-amzn-ErrorType"), body, c.status, c.errorType, c.body, c.rule)
			}
			for _, secret := range []string{adaKeys.Secret, cleoKeys.Secret, cleoKeys.SessionToken, endedKeys.SessionToken} {
				if strings.Contains(string(body), secret) {
					t.Errorf("a secret in %s", body)
				}
			}
			if c.status != 200 && resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("content type %q", resp.Header.Get("Content-Type"))
			}
		})
	}
}

// TestIAMMethodOverride: the signature is over what was sent, the policy about
// what is routed (RST-16).
func TestIAMMethodOverride(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]int{"GET": 200, "POST": 403} {
		r := httptest.NewRequest("POST", "/orders/7", nil)
		r.Header.Set("X-Http-Method-Override", "GET")
		signing{keys: adaKeys}.sign(t, r, "")
		g := newGateway(t, guardedAPI(t), &local.Options{Identities: whoMayCall(t, allow("local/"+method+"/orders/7"))}, answering(`{}`))
		if got := do(t, g, r).StatusCode; got != want {
			t.Errorf("allowed %s: %d, want %d", method, got, want)
		}
	}
}

// TestIAMNobody: without identities nobody gets in, however he signs.
func TestIAMNobody(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.REST{}, local.HTTP{}} {
		g := newGateway(t, guardedAPI(t), &local.Options{Door: door}, answering(`{}`))
		if resp := do(t, g, signing{keys: adaKeys, region: "us-east-1"}.request(t, "GET", "/a", "")); resp.StatusCode != 403 {
			t.Errorf("%s: %d", door, resp.StatusCode)
		}
	}
}

// TestIAMOfHTTP: an HTTP API says the same to all, and nothing more.
func TestIAMOfHTTP(t *testing.T) {
	t.Parallel()
	ada := signing{keys: adaKeys}
	for name, c := range map[string]struct {
		stage, target string
		sign          *signing
		policy        string
		status        int
		body          string
	}{
		"allowed":         {"", "/orders/7", &ada, allow("$default/GET/orders/7"), 200, ""},
		"root":            {"", "/", &ada, allow("$default/GET/"), 200, ""},
		"decoded":         {"", "/orders/a%20b", &ada, allow("$default/GET/orders/a b"), 200, ""},
		"below its stage": {"dev", "/dev/orders/7", &ada, allow("dev/GET/orders/7"), 200, ""},
		"public":          {"", "/public", nil, allow("x"), 200, ""},
		"unsigned":        {"", "/a", nil, mayAll, 403, `{"message":"Forbidden"}`},
		"another key":     {"", "/a", &signing{keys: strangerKeys}, mayAll, 403, `{"message":"Forbidden"}`},
		"ended":           {"", "/a", &signing{keys: endedKeys}, mayAll, 403, `{"message":"Forbidden"}`},
		"not allowed":     {"", "/a", &ada, allow("$default/GET/ab"), 403, `{"message":"Forbidden"}`},
		"denied":          {"", "/a", &ada, mayAll + `,{"Effect":"Deny","Action":"*","Resource":"*"}`, 403, `{"message":"Forbidden"}`},
		"too long":        {"", "/orders/" + strings.Repeat("x", 1600), &ada, mayAll, 414, ""},
		"unknown":         {"", "/nothing", nil, mayAll, 404, `{"message":"Not Found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, guardedAPI(t), &local.Options{Door: local.HTTP{Stage: c.stage}, Identities: whoMayCall(t, c.policy)}, answering(`{"statusCode":200,"body":""}`))
			r := httptest.NewRequest("GET", c.target, nil)
			if c.sign != nil {
				c.sign.sign(t, r, "")
			}
			resp := do(t, g, r)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || c.body != "" && string(body) != c.body || value(resp.Header, "x-amzn-ErrorType") != "" {
				t.Errorf("%d %s %s, want %d %s", resp.StatusCode, body, value(resp.Header, "x-amzn-ErrorType"), c.status, c.body)
			}
		})
	}
}

// TestIAMConcurrent: many at once, who are told apart.
func TestIAMConcurrent(t *testing.T) {
	t.Parallel()
	g := newGateway(t, guardedAPI(t), &local.Options{Identities: whoMayCall(t, allow("local/GET/orders/${aws:username}"))}, answering(`{}`))
	var wg sync.WaitGroup
	for i := range 64 {
		keys, path, want := adaKeys, "/orders/ada", 200
		switch i % 3 {
		case 1:
			path, want = "/orders/bob", 403
		case 2:
			keys, want = cleoKeys, 403
		}
		r := signing{keys: keys}.request(t, "GET", path, "")
		wg.Go(func() {
			if got := do(t, g, r).StatusCode; got != want {
				t.Errorf("%s of %s: %d, want %d", path, keys.AccessKey, got, want)
			}
		})
	}
	wg.Wait()
}

// TestCallers is what a developer is shown at the start.
func TestCallers(t *testing.T) {
	t.Parallel()
	api := guardedAPI(t)
	ids := whoMayCall(t, allow("local/GET/*")+","+allow("local/PUT/files/x"))
	g := newGateway(t, api, &local.Options{Identities: ids}, answering(`{}`))
	if service, region := g.Signing(); service != "execute-api" || region != "eu-central-1" {
		t.Errorf("Signing() = %q, %q", service, region)
	}
	callers := g.Callers()
	may, mayNot := []string{"GET /", "GET /a", "GET /ab", "GET /orders/{id}"}, []string{"POST /orders/{id}", "PUT /files/{path...}", "/any"}
	want := []local.Caller{
		{Name: "ada", ARN: "arn:aws:iam::000000000000:user/ada", AccessKey: adaKeys.AccessKey, May: may, MayNot: mayNot},
		{Name: "shopper/cleo", ARN: "arn:aws:sts::000000000000:assumed-role/shopper/cleo", AccessKey: cleoKeys.AccessKey, Expires: cleoKeys.Expires, May: may, MayNot: mayNot},
		{Name: "shopper/ended", ARN: "arn:aws:sts::000000000000:assumed-role/shopper/ended", AccessKey: endedKeys.AccessKey, Expires: endedKeys.Expires, May: may, MayNot: mayNot},
		{Name: "fay", ARN: "arn:aws:iam::111122223333:user/fay", AccessKey: foreignKeys.AccessKey, MayNot: append(append([]string{}, may...), mayNot...)},
	}
	if d := cmp.Diff(want, callers); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, secret := range []string{adaKeys.Secret, cleoKeys.Secret, cleoKeys.SessionToken} {
		if text := fmt.Sprintf("%+v %v %s", callers, ids.Callers, ids.Callers); strings.Contains(text, secret) {
			t.Errorf("a secret in %s", text)
		}
	}
	open := newGateway(t, declare(t, "GET /a"), &local.Options{Identities: ids}, answering(`{}`))
	if service, region := open.Signing(); open.Callers() != nil || service != "" || region != "" {
		t.Errorf("of an open API: %v for %q in %q", open.Callers(), service, region)
	}
}

// TestStarterReaches: the user of a first file may call everything, at each door.
func TestStarterReaches(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	for _, p := range []string{"GET /", "GET /orders/{id}", "/files/{path...}"} {
		api.Handle(p, noop, tier.IAM())
	}
	text, err := local.StarterIdentities(app, sequence{})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := local.ParseIdentities("starter", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		door    local.Door
		service string
	}{{local.REST{Stage: tier.DefaultStage}, "execute-api"}, {local.HTTP{}, "execute-api"}, {local.URL{}, "lambda"}} {
		g := newGateway(t, api, &local.Options{Door: c.door, Identities: ids}, answering(`{"statusCode":200,"body":""}`))
		for _, r := range []struct{ method, path string }{{"GET", "/"}, {"GET", "/orders/7"}, {"DELETE", "/files/a/b"}} {
			s := signing{keys: ids.Callers[0].Credentials, region: "us-east-1", service: c.service}
			if got := do(t, g, s.request(t, r.method, r.path, "")).StatusCode; got != 200 {
				t.Errorf("%s: %s %s = %d", c.door, r.method, r.path, got)
			}
		}
		if c := g.Callers(); len(c) != 1 || len(c[0].MayNot) > 0 {
			t.Errorf("Callers() = %+v", c)
		}
	}
}
