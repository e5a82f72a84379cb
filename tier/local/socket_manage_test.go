package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/connection/connectiontest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/socketconnection"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// tellID answers every message with the id of its connection.
func tellID(w *tier.WebSocket) {
	w.Handle("$default", handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(req.Connection().ID), Header: http.Header{"Content-Type": {"text/plain"}}}, nil
	}), tier.RouteResponse())
	w.Handle("$disconnect", answeringStatus(200))
}

// suite is a WebSocket API of that name for a case of the conformance suite.
func suite(t testing.TB, name string, hub *localsocket.Hub) (url string, connect func(testing.TB) connectiontest.Client) {
	t.Helper()
	api := tier.New("shop").WebSocket(name)
	tellID(api)
	log := &socketLog{got: make(chan string, 64)}
	url = socketServer(t, api, &local.SocketOptions{Hub: hub}, behind(t, api, log))
	return url, func(t testing.TB) connectiontest.Client {
		c := dialSocket(t, url, &websocket.DialOptions{HTTPHeader: http.Header{"User-Agent": {"suite/1"}}})
		sendText(t, c, "id?")
		return connectiontest.Client{
			ID: receive(t, c), IP: "127.0.0.1",
			Receive: func(t testing.TB) (string, bool) {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				_, data, err := c.Read(ctx)
				return string(data), err == nil
			},
			Leave: func(t testing.TB) {
				if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
					t.Fatal(err)
				}
				for got := range log.got {
					if got == "DISCONNECT $disconnect" {
						return
					}
				}
			},
		}
	}
}

// TestConnectionsConformance: functions post to local connections through the
// embedded driver.
func TestConnectionsConformance(t *testing.T) {
	t.Parallel()
	connectiontest.Run(t, func(t testing.TB, spec connection.Spec) connectiontest.Harness {
		hub := localsocket.NewHub()
		_, connect := suite(t, spec.Name(), hub)
		return connectiontest.Harness{Data: datastore.New([]datastore.Driver{hub}, nil), Connect: connect}
	})
}

// TestConnectionsConformanceSDK is WSK-12, T191: the driver of AWS, with
// aws-sdk-go-v2, at the local @connections.
func TestConnectionsConformanceSDK(t *testing.T) {
	t.Parallel()
	connectiontest.Run(t, func(t testing.TB, spec connection.Spec) connectiontest.Harness {
		url, connect := suite(t, spec.Name(), nil)
		driver := socketconnection.With(aws.Config{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(
			func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
			})})
		return connectiontest.Harness{Connect: connect, Data: datastore.New([]datastore.Driver{driver}, &datastore.Options{
			Lookup: func(string) (string, bool) { return "http" + strings.TrimPrefix(url, "ws") + "/live", true },
		})}
	})
}

// TestManage is WSK-12: the calls of @connections and their refusals.
func TestManage(t *testing.T) {
	t.Parallel()
	url, connect := suite(t, "chat", nil)
	base := "http" + strings.TrimPrefix(url, "ws")
	client := connect(t)
	escaped := strings.ReplaceAll(client.ID, "=", "%3D")
	for _, tt := range []struct {
		why, method, path, body string
		status                  int
		errorType               string
	}{
		{"send", "POST", "/@connections/" + escaped, "hello", 200, ""},
		{"at the stage, the id as it is", "POST", "/live/@connections/" + client.ID, "again", 200, ""},
		{"the state", "GET", "/@connections/" + escaped, "", 200, ""},
		{"T191: unknown", "POST", "/@connections/AAAAAAAAAAAAAAA%3D", "x", 410, "GoneException"},
		{"unknown state", "GET", "/@connections/AAAAAAAAAAAAAAA%3D", "", 410, "GoneException"},
		{"unknown end", "DELETE", "/@connections/AAAAAAAAAAAAAAA%3D", "", 410, "GoneException"},
		{"too large", "POST", "/@connections/" + escaped, strings.Repeat("x", 128<<10+1), 413, "PayloadTooLargeException"},
		{"no id", "POST", "/@connections/%20", "x", 400, "BadRequestException"},
		{"another method", "PUT", "/@connections/" + escaped, "x", 403, ""},
		{"end", "DELETE", "/@connections/" + escaped, "", 204, ""},
		{"after the end", "POST", "/@connections/" + escaped, "x", 410, "GoneException"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, base+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.status || resp.Header.Get("x-amzn-ErrorType") != tt.errorType {
			t.Errorf("%s: %d %s %s, %v, want %d %s", tt.why, resp.StatusCode, resp.Header.Get("x-amzn-ErrorType"), body, err, tt.status, tt.errorType)
		}
		if tt.method == "GET" && tt.status == 200 {
			checkState(t, body)
		}
	}
	for _, want := range []string{"hello", "again"} {
		if got, ok := client.Receive(t); !ok || got != want {
			t.Errorf("the client received %q, %t, want %q", got, ok, want)
		}
	}
	if got, ok := client.Receive(t); ok {
		t.Errorf("after the end the client received %q", got)
	}
}

func checkState(t *testing.T, body []byte) {
	t.Helper()
	var state struct {
		ConnectedAt, LastActiveAt time.Time
		Identity                  struct{ SourceIP, UserAgent string }
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&state); err != nil || state.ConnectedAt.IsZero() || state.LastActiveAt.Before(state.ConnectedAt) ||
		state.Identity.SourceIP != "127.0.0.1" || state.Identity.UserAgent != "suite/1" {
		t.Errorf("state %s: %+v, %v", body, state, err)
	}
}

// TestManageSigned: with somebody to verify signatures, a call without a right
// one is refused before anything is looked up.
func TestManageSigned(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").WebSocket("chat")
	tellID(api)
	url := socketServer(t, api, &local.SocketOptions{Identities: liveCallers(t, mayConnect("Allow", "ManageConnections", "GET/@connections/*")+
		","+mayConnect("Allow", "ManageConnections", "POST/@connections/*"))}, behind(t, api, nil))
	base := "http" + strings.TrimPrefix(url, "ws") + "/live"
	with := func(key, secret string) aws.CredentialsProvider {
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, nil
		})
	}
	credentials := with(adaKeys.AccessKey, adaKeys.Secret)
	wrong := with(adaKeys.AccessKey, "guess")
	foreign := with(foreignKeys.AccessKey, foreignKeys.Secret)
	for _, tt := range []struct {
		why string
		cfg aws.Config
		err error
	}{
		{"signed, the connection is unknown", aws.Config{Region: "eu-central-1", Credentials: credentials}, datastore.ErrNotFound},
		{"signed with another secret", aws.Config{Region: "eu-central-1", Credentials: wrong}, datastore.ErrDenied},
		{"signed for another Region", aws.Config{Region: "us-east-1", Credentials: credentials}, datastore.ErrDenied},
		{"signed, but not allowed", aws.Config{Region: "eu-central-1", Credentials: foreign}, datastore.ErrDenied},
	} {
		data := datastore.New([]datastore.Driver{socketconnection.With(tt.cfg)}, &datastore.Options{
			Lookup: func(string) (string, bool) { return base, true },
		})
		chat := datastore.Use[connection.Sender[string]](storeUser{}, connection.New[string](data, "chat"))
		if err := chat.Send(t.Context(), "AAA=", "x"); !errors.Is(err, tt.err) {
			t.Errorf("%s: Send = %v, want %v", tt.why, err, tt.err)
		}
	}
	resp, err := http.Post(base+"/@connections/AAA=", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 403 || resp.Header.Get("x-amzn-ErrorType") != "MissingAuthenticationTokenException" {
		t.Errorf("not signed: %d %v", resp.StatusCode, resp.Header)
	}
}

type storeUser struct{}

func (storeUser) FunctionName() string      { return "f" }
func (storeUser) AddGrant(*datastore.Grant) {}

// TestPostBeforeConnected is WSK-12: a connection exists only once its $connect
// has succeeded.
func TestPostBeforeConnected(t *testing.T) {
	t.Parallel()
	hub := localsocket.NewHub()
	data := datastore.New([]datastore.Driver{hub}, nil)
	app := tier.New("shop")
	api := app.WebSocket("chat")
	clients := datastore.Use[connection.Sender[string]](api, connection.New[string](data, "chat"))
	greet := func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		err := clients.Send(ctx, req.Connection().ID, "welcome")
		if req.Method() == "CONNECT" {
			if !errors.Is(err, datastore.ErrNotFound) {
				return nil, handler.Errorf(409, "posted to a connection that is not established: %v", err)
			}
			err = nil
		}
		return &handler.Response{}, err
	}
	api.Handle("$connect", handler.HandlerFunc(greet))
	api.Handle("$default", handler.HandlerFunc(greet))
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	c := dialSocket(t, socketServer(t, api, &local.SocketOptions{Hub: hub}, behind(t, api, nil)), nil)
	sendText(t, c, "hi")
	if got := receive(t, c); got != `"welcome"` {
		t.Errorf("received %s", got)
	}
}
