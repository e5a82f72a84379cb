package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// whoSocket answers $connect, and "who" with the event and who caused it.
func whoSocket(w *tier.WebSocket) {
	whoami := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(req.Method() + " " + req.Caller().ID), Header: http.Header{"Content-Type": {"text/plain"}}}, nil
	})
	w.Handle("$connect", whoami)
	w.Handle("$disconnect", whoami)
	w.Handle("who", whoami, tier.RouteResponse())
}

// socketARN is a resource of the WebSocket API chat, in the Region of whoMayCall.
func socketARN(rest string) string {
	return "arn:aws:execute-api:eu-central-1:000000000000:" + socketAPIID + "/live/" + rest
}

// socketAPIID is what the gateway makes of the name chat.
const socketAPIID = "usp1m8ohr6"

func mayConnect(effect, action, rest string) string {
	return `{"Effect":"` + effect + `","Action":"execute-api:` + action + `","Resource":"` + socketARN(rest) + `"}`
}

// liveCallers are [whoMayCall] with keys that are good now.
func liveCallers(t *testing.T, statements string) *local.Identities {
	t.Helper()
	ids := whoMayCall(t, statements)
	for i, keys := range liveKeys() {
		ids.Callers[i].Credentials = keys
	}
	return ids
}

// presignSocket is the URL that a browser is given: aws-sdk-go-v2 signs it for 60 s.
func presignSocket(t *testing.T, socket string, keys sigv4.Credentials, at time.Time) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http"+strings.TrimPrefix(socket, "ws"), nil)
	if err != nil {
		t.Fatal(err)
	}
	query := r.URL.Query()
	query.Set("X-Amz-Expires", "60")
	r.URL.RawQuery = query.Encode()
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: keys.AccessKey, SecretAccessKey: keys.Secret, SessionToken: keys.SessionToken},
		r, sigv4.Hash(nil), "execute-api", "eu-central-1", at)
	if err != nil {
		t.Fatal(err)
	}
	return "ws" + strings.TrimPrefix(signed, "http")
}

// signSocket are the headers by which a program signs a handshake.
func signSocket(t *testing.T, socket string, keys sigv4.Credentials) http.Header {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http"+strings.TrimPrefix(socket, "ws"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: keys.AccessKey, SecretAccessKey: keys.Secret, SessionToken: keys.SessionToken},
		r, sigv4.Hash(nil), "execute-api", "eu-central-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	return r.Header
}

// connectAs dials and says how the handshake was answered; who is what the
// connection is then told to "who", "" if it was refused.
func connectAs(t *testing.T, url string, header http.Header) (status int, body, who string) {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{HTTPHeader: header})
	if resp == nil {
		t.Fatalf("dial: %v", err)
	}
	if err != nil {
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text), ""
	}
	sendText(t, c, `{"action":"who"}`)
	who = receive(t, c)
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, "", who
}

// TestSocketIAM is WSK-05, WSK-13: who signs a handshake and is allowed $connect
// gets in, by the URL or by headers, and every event tells who it is. Nothing
// that was changed after it was signed gets in.
func TestSocketIAM(t *testing.T) {
	t.Parallel()
	ada, cleo := liveKeys()[0], liveKeys()[1]
	ids := liveCallers(t, mayConnect("Allow", "Invoke", "$connect"))
	ids.Callers[3].Policies = nil
	declare := func(w *tier.WebSocket) { w.Authorize(tier.IAM()); whoSocket(w) }
	server, log := chat(t, &local.SocketOptions{Identities: ids}, declare)
	root := server + "/live?room=a+b&q=%C3%A9"
	signed := presignSocket(t, root, ada, time.Now())
	changed := func(old, by string) string {
		t.Helper()
		if !strings.Contains(signed, old) {
			t.Fatalf("%q is not in %s", old, signed)
		}
		return strings.Replace(signed, old, by, 1)
	}
	forged := signSocket(t, root, ada)
	forged.Set("Authorization", strings.Replace(forged.Get("Authorization"), "Signature=", "Signature=0", 1))
	denied, _ := chat(t, &local.SocketOptions{Identities: liveCallers(t, mayAll+","+mayConnect("Deny", "*", "$connect"))}, declare)
	elsewhere, _ := chat(t, &local.SocketOptions{Identities: liveCallers(t, mayConnect("Allow", "Invoke", "$default")+","+mayConnect("Allow", "ManageConnections", "*"))}, declare)
	nobody, _ := chat(t, nil, declare)
	for _, tt := range []struct {
		why, url string
		header   http.Header
		status   int
		want     string // of the refusal, or who is connected
	}{
		{"a browser", signed, nil, 101, "MESSAGE AIDAADA"},
		{"a session", presignSocket(t, root, cleo, time.Now()), nil, 101, "MESSAGE AROASHOPPER:cleo"},
		{"headers", root, signSocket(t, root, ada), 101, "MESSAGE AIDAADA"},
		{"the root", presignSocket(t, server+"/", ada, time.Now()), nil, 101, "MESSAGE AIDAADA"},
		{"not signed", root, nil, 403, "Missing Authentication Token"},
		{"another query", changed("room=a", "room=b"), nil, 403, "does not match"},
		{"one more parameter", signed + "&admin=1", nil, 403, "does not match"},
		{"another path", changed("/live?", "/?"), nil, 403, "does not match"},
		{"another signature", changed("X-Amz-Signature=", "X-Amz-Signature=0"), nil, 403, "message"},
		{"another secret", presignSocket(t, root, sigv4.Credentials{AccessKey: ada.AccessKey, Secret: "guessed-guessed-guessed"}, time.Now()), nil, 403, "does not match"},
		{"an unknown key", presignSocket(t, root, strangerKeys, time.Now()), nil, 403, "invalid"},
		{"no longer good", presignSocket(t, root, ada, time.Now().Add(-2*time.Minute)), nil, 403, "expired"},
		{"without the session's token", presignSocket(t, root, sigv4.Credentials{AccessKey: cleo.AccessKey, Secret: cleo.Secret}, time.Now()), nil, 403, "invalid"},
		{"a changed header", root, forged, 403, "message"},
		{"no policy", presignSocket(t, root, foreignKeys, time.Now()), nil, 403, "is not authorized to perform: execute-api:Invoke on resource"},
		{"denied", presignSocket(t, denied, ada, time.Now()), nil, 403, "with an explicit deny"},
		{"allowed something else", presignSocket(t, elsewhere, ada, time.Now()), nil, 403, "/live/$connect"},
		{"nobody is known", presignSocket(t, nobody, ada, time.Now()), nil, 403, "us-east-1"},
	} {
		status, body, who := connectAs(t, tt.url, tt.header)
		if status != tt.status || tt.status == 101 && who != tt.want || tt.status != 101 && !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s%s, want %d %s", tt.why, status, body, who, tt.status, tt.want)
		}
		for _, c := range ids.Callers {
			if strings.Contains(body, c.Credentials.Secret) {
				t.Errorf("%s: a secret is in %s", tt.why, body)
			}
		}
	}
	var connected int
	for _, event := range log.all() {
		if strings.Contains(event, `"eventType":"CONNECT"`) {
			connected++
		}
		if !strings.Contains(event, `"userArn":"arn:aws:`) || !strings.Contains(event, `"accountId":"000000000000"`) {
			t.Errorf("an event that does not tell who is calling: %s", event)
		}
	}
	if connected != 4 {
		t.Errorf("%d handshakes reached the function, want 4", connected)
	}
	if !slices.ContainsFunc(log.all(), func(e string) bool { return strings.Contains(e, `"cognitoIdentityId":"eu-central-1:id"`) }) {
		t.Error("no event tells the identity of the session")
	}
}

// lambdaSocket is behind a Lambda authorizer that knows some tokens. asked gets the
// events of the authorizer, log those of the functions.
func lambdaSocket(t *testing.T, opts *local.SocketOptions) (server string, asked, log *socketLog) {
	t.Helper()
	app := tier.New("shop")
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Sources: []string{"query.token", "context.routeKey"}})
	gate.Check(func(_ context.Context, c handler.Check) (handler.Verdict, error) {
		v := handler.Verdict{Allow: true, Principal: "ada", Context: map[string]any{"tenant": `t"1`, "age": 7, "share": 0.5, "admin": true}}
		switch c.Request.Query("token") {
		case "ada":
			return v, nil
		case "route":
			return handler.Verdict{Allow: true, Principal: "bob", Routes: []string{"$connect"}}, nil
		case "other":
			return handler.Verdict{Allow: true, Routes: []string{"GET /orders"}}, nil
		case "policy":
			return handler.Verdict{Policy: json.RawMessage(`{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"*/$connect"}]}`)}, nil
		case "crash":
			panic("secret detail")
		case "wrong":
			return v, handler.Errorf(403, "secret detail")
		case "unknown":
			return v, handler.ErrUnauthorized
		}
		return handler.Verdict{}, nil
	})
	api := app.WebSocket("chat")
	whoSocket(api)
	api.Authorize(gate)
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	asked, log = &socketLog{}, &socketLog{got: make(chan string, 64)}
	return socketServer(t, api, opts, guarded(t, api, asked, behind(t, api, log))), asked, log
}

// TestSocketLambdaAuthorizer is WSK-05, AUT-11 to AUT-16: what a Lambda authorizer
// says of a handshake decides it, and is in every later event, as text.
func TestSocketLambdaAuthorizer(t *testing.T) {
	t.Parallel()
	server, asked, log := lambdaSocket(t, nil)
	for _, tt := range []struct {
		token, why string
		status     int
		want       string
	}{
		{"", "AUT-11: no source", 401, `{"message":"Unauthorized"}`},
		{"ada", "the verdict allows", 101, "MESSAGE ada"},
		{"route", "the route by its name", 101, "MESSAGE bob"},
		{"other", "another route", 403, `{"message":"Forbidden"}`},
		{"policy", "a Deny wins", 403, `{"message":"Forbidden"}`},
		{"eve", "the zero verdict denies", 403, `{"message":"Forbidden"}`},
		{"unknown", "AUT-16: Unauthorized", 401, `{"message":"Unauthorized"}`},
		{"wrong", "AUT-16: another error", 500, `{"message":"Internal server error"}`},
		{"crash", "a panic", 500, `{"message":"Internal server error"}`},
	} {
		url := server
		if tt.token != "" {
			url += "/live?token=" + tt.token
		}
		before := len(asked.all())
		status, body, who := connectAs(t, url, nil)
		if got := body + who; status != tt.status || got != tt.want {
			t.Errorf("%s: %d %s, want %d %s", tt.why, status, got, tt.status, tt.want)
		}
		if n := len(asked.all()) - before; n != 1 && tt.token != "" || n != 0 && tt.token == "" {
			t.Errorf("%s: the authorizer was asked %d times", tt.why, n)
		}
		if tt.status != 101 {
			continue
		}
		// All of one connection, before the next: its end is told when it has ended.
		for _, want := range []string{"CONNECT $connect", "MESSAGE who", "DISCONNECT $disconnect"} {
			if got := <-log.got; got != want {
				t.Errorf("%s: event %s, want %s", tt.why, got, want)
			}
		}
	}
	if n := len(log.all()); n != 6 {
		t.Errorf("%d events, want 6: those who were refused cause none", n)
	}
	const context = `"authorizer":{"admin":"true","age":"7","share":"0.5","tenant":"t\"1","principalId":"ada","integrationLatency":`
	for _, event := range log.all()[:3] {
		if !strings.Contains(event, context) {
			t.Errorf("AUT-13: no %s in %s", context, event)
		}
	}
}

// TestSocketAuthorizerEvent is AUT-11, WSK-13: what a Lambda authorizer is asked,
// members and order as API Gateway sends them; the $connect event has the same
// connection and request.
func TestSocketAuthorizerEvent(t *testing.T) {
	t.Parallel()
	opts := fixed(nil)
	server, asked, log := lambdaSocket(t, &local.SocketOptions{Now: opts.Now, Random: opts.Random})
	c := dialSocket(t, server+"/?token=ada&room=a+b", &websocket.DialOptions{
		Host: "abc.execute-api.example.com", HTTPHeader: http.Header{"User-Agent": {"probe/1"}, "X-Probe": {"first", "second"}},
	})
	<-log.got
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	key := regexp.MustCompile(`"[A-Za-z0-9+/]{22}=="`)
	if err := json.Indent(&pretty, key.ReplaceAll([]byte(asked.all()[0]), []byte(`"KEY"`)), "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	golden := filepath.Join("testdata", "socket_authorizer_event.json")
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
		t.Errorf("%s (-want +got), go test -update writes it:\n%s", golden, d)
	}
	var events [2]struct {
		RequestContext struct{ RequestID, ConnectionID string }
	}
	for i, text := range []string{asked.all()[0], log.all()[0]} {
		if err := json.Unmarshal([]byte(text), &events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if events[0] != events[1] || events[0].RequestContext.ConnectionID == "" {
		t.Errorf("asked about %+v, connected %+v", events[0], events[1])
	}
}

// TestManageIAM is WSK-12: with identities a call of @connections is signed, and
// its method is allowed or not. A single connection cannot be named by a policy.
func TestManageIAM(t *testing.T) {
	t.Parallel()
	ada := liveKeys()[0]
	call := func(server, method, body string, change func(*http.Request)) (int, string, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http"+strings.TrimPrefix(server, "ws")+"/live/@connections/AAA%3D", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: ada.AccessKey, SecretAccessKey: ada.Secret},
			r, sigv4.Hash([]byte(body)), "execute-api", "eu-central-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(r)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("x-amzn-ErrorType"), string(text)
	}
	const all = "ManageConnections"
	some, _ := chat(t, &local.SocketOptions{Identities: liveCallers(t, mayConnect("Allow", all, "POST/@connections/*")+","+mayConnect("Allow", all, "GET/@connections/AAA="))}, tellID)
	none, _ := chat(t, &local.SocketOptions{Identities: liveCallers(t, mayConnect("Allow", "Invoke", "*"))}, tellID)
	const gone, denied = "GoneException", "AccessDeniedException"
	for _, tt := range []struct {
		why, server, method, body string
		change                    func(*http.Request)
		status                    int
		errorType                 string
	}{
		{"allowed, and the connection is gone", some, "POST", "x", nil, 410, gone},
		{"another method", some, "DELETE", "", nil, 403, denied},
		{"a connection by its id", some, "GET", "", nil, 403, denied},
		{"another action", none, "POST", "x", nil, 403, denied},
		{"not signed", some, "POST", "x", func(r *http.Request) { r.Header = http.Header{} }, 403, "MissingAuthenticationTokenException"},
		{"another body", some, "POST", "x", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("y")) }, 403, "InvalidSignatureException"},
		{"another connection", some, "POST", "x", func(r *http.Request) { r.URL, _ = url.Parse(strings.Replace(r.URL.String(), "AAA", "BBB", 1)) }, 403, "InvalidSignatureException"},
		{"another method than signed", some, "GET", "", func(r *http.Request) { r.Method = "POST" }, 403, "InvalidSignatureException"},
	} {
		status, errorType, body := call(tt.server, tt.method, tt.body, tt.change)
		if status != tt.status || errorType != tt.errorType {
			t.Errorf("%s: %d %s %s, want %d %s", tt.why, status, errorType, body, tt.status, tt.errorType)
		}
		if tt.errorType == denied && !strings.Contains(body, "execute-api:ManageConnections on resource: arn:aws:execute-api:eu-central-1:********0000:"+
			socketAPIID+"/live/"+tt.method+"/@connections/{connectionId}") {
			t.Errorf("%s: %s does not say what is missing", tt.why, body)
		}
	}
}

// TestSocketCallers: who may do what, for people.
func TestSocketCallers(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	open, closed := app.WebSocket("open"), app.WebSocket("chat")
	whoSocket(open)
	whoSocket(closed)
	closed.Authorize(tier.IAM())
	gateway := func(api *tier.WebSocket, ids *local.Identities) *local.SocketGateway {
		g, err := local.NewSocketGateway(api, behind(t, api, nil), &local.SocketOptions{Identities: ids})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	g := gateway(open, nil)
	if service, region := g.Signing(); service != "" || region != "" || g.Callers() != nil {
		t.Errorf("nothing is signed: %s %s %v", service, region, g.Callers())
	}
	ids := whoMayCall(t, mayConnect("Allow", "Invoke", "$connect")+","+mayConnect("Allow", "ManageConnections", "POST/@connections/*"))
	g = gateway(closed, ids)
	if service, region := g.Signing(); service != "execute-api" || region != "eu-central-1" {
		t.Errorf("signed for %s in %s", service, region)
	}
	callers := g.Callers()
	if len(callers) != 4 || callers[0].Name != "ada" || callers[0].AccessKey != adaKeys.AccessKey {
		t.Fatalf("Callers = %v", callers)
	}
	if d := cmp.Diff([]string{"$connect", "POST @connections"}, callers[0].May); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"GET @connections", "DELETE @connections"}, callers[0].MayNot); d != "" {
		t.Error(d)
	}
	g = gateway(open, whoMayCall(t, mayAll))
	if d := cmp.Diff([]string{"POST @connections", "GET @connections", "DELETE @connections"}, g.Callers()[0].May); d != "" {
		t.Errorf("of an API that everybody may connect to: %s", d)
	}
	ids.Callers[0].Credentials.Secret = ""
	if _, err := local.NewSocketGateway(closed, behind(t, closed, nil), &local.SocketOptions{Identities: ids}); err == nil || !strings.Contains(err.Error(), "a secret") {
		t.Errorf("an identity without a secret: %v", err)
	}
}
