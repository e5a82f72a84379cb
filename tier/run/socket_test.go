package run_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// serveChat starts the chat program and returns where its REST API and its
// WebSocket API are.
func serveChat(t *testing.T) (p *process, api, socket string) {
	t.Helper()
	p = start(t, nil, buildTool(t, "./tier/run/testdata/chat"), "serve", "-port", "0", "-dir", filepath.Join(t.TempDir(), "data"))
	api = urlIn(p.until(t, "http://127.0.0.1:"))
	line := p.until(t, "ws://127.0.0.1:")
	_, socket, _ = strings.Cut(line, "ws://")
	socket, _, _ = strings.Cut(socket, ",")
	if line := p.until(t, "$connect"); !strings.Contains(line, "CONNECT") || !strings.Contains(line, "main.go:") {
		t.Errorf("the route $connect is announced as %q", line)
	}
	p.until(t, "data:")
	return p, api, "ws://" + socket
}

type note struct{ From, Text string }

func say(t *testing.T, c *websocket.Conn, message string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c *websocket.Conn, into any) {
	t.Helper()
	_, data, err := c.Read(t.Context())
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("received %s: %v", data, err)
	}
}

// TestServeWebSocket: two clients of a program that serves itself, as a user
// tries it.
func TestServeWebSocket(t *testing.T) {
	t.Parallel()
	p, api, socket := serveChat(t)
	_, resp, err := websocket.Dial(t.Context(), socket, nil)
	if err == nil || resp.StatusCode != http.StatusBadRequest {
		t.Fatalf("a handshake that is not valid: %v, %v", resp, err)
	}
	var clients []*websocket.Conn
	var ids []string
	for range 2 {
		c, _, err := websocket.Dial(t.Context(), socket+"/?room=a1", &websocket.DialOptions{Subprotocols: []string{"room.v2", "room.v1"}})
		if err != nil || c.Subprotocol() != "room.v1" {
			t.Fatalf("dial: %v, subprotocol %q", err, c.Subprotocol())
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		say(t, c, `{"action":"who"}`)
		var n note
		hear(t, c, &n)
		clients, ids = append(clients, c), append(ids, n.From)
	}
	say(t, clients[0], `{"action":"say","to":"`+ids[1]+`","text":"hello"}`)
	var n note
	if hear(t, clients[1], &n); n != (note{ids[0], "hello"}) {
		t.Errorf("the second client received %+v", n)
	}
	status, _ := send(t, "POST", api+"/notices", "application/json", `{"to":"`+ids[1]+`","text":"closing"}`)
	if hear(t, clients[1], &n); status != http.StatusNoContent || n != (note{"the house", "closing"}) {
		t.Errorf("a notice: %d, the client received %+v", status, n)
	}
	var problem struct {
		Status int
		Errors []struct{ Location string }
	}
	say(t, clients[0], `{"action":"say"}`)
	if hear(t, clients[0], &problem); problem.Status != 400 || len(problem.Errors) != 2 {
		t.Errorf("an invalid message: %+v, want both fields", problem)
	}
	if err := clients[1].Close(websocket.StatusCode(4001), "bye"); err != nil {
		t.Fatal(err)
	}
	say(t, clients[0], `{"action":"say","to":"`+ids[1]+`","text":"still there?"}`)
	if hear(t, clients[0], &problem); problem.Status != 404 {
		t.Errorf("a message to who has left: %+v, want 404", problem)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d, stderr %s", status, p.stderr)
	}
	if _, _, err := clients[0].Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("after the program ended: %v, want close 1001", err)
	}
}

// TestWebSocketCommands: the other commands know of WebSocket APIs.
func TestWebSocketCommands(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/chat")
	message := string(handlertest.WebSocketEvent(handlertest.Message("who", "{}")))
	for _, tt := range []struct {
		stdin string
		args  []string
		want  []string
	}{
		{"", []string{"routes"}, []string{"WebSocket API chat", "MESSAGE     say", "DISCONNECT  $disconnect"}},
		{"", []string{"policy"}, []string{"Allow execute-api:ManageConnections", "${ChatSocket}/live/POST/@connections/*", "for connection chat: Send"}},
		{"", []string{"template"}, []string{`"ProtocolType": "WEBSOCKET"`, `"TIERKIT_CONNECTION_CHAT"`}},
		{message, []string{"invoke", "chat"}, []string{`"body":"{\"from\":\"` + handlertest.ConnectionID}},
	} {
		stdout, stderr, status := output(t, tt.stdin, bin, tt.args...)
		for _, want := range tt.want {
			if status != 0 || !strings.Contains(stdout, want) {
				t.Errorf("%v: status %d, no %q in %s %s", tt.args, status, want, stdout, stderr)
			}
		}
	}
}

// TestWebSocketFunction: the Lambda binary serves the events of its function,
// and refuses those of others.
func TestWebSocketFunction(t *testing.T) {
	t.Parallel()
	p, rt := function(t, buildFunction(t, "./tier/run/testdata/chat"), "_HANDLER=chat")
	answer := invoke(t, rt, handlertest.WebSocketEvent(handlertest.Message("who", "{}")))
	if answer.Status != 200 || !strings.Contains(string(answer.Body), handlertest.ConnectionID) {
		t.Errorf("a message: %d %s", answer.Status, answer.Body)
	}
	answer = invoke(t, rt, handlertest.WebSocketEvent(handlertest.Connect()))
	if answer.Status != 400 {
		t.Errorf("a handshake that is not valid: %d %s", answer.Status, answer.Body)
	}
	result, err := rt.Invoke(t.Context(), handlertest.RESTEvent(handlertest.Request("GET", "/")))
	if err != nil || !strings.Contains(string(result.Payload), "this function serves WebSocket API events") {
		t.Errorf("a REST event: %s, %v", result.Payload, err)
	}
	// Nothing was sent, so no driver was opened without its variable.
	answer = invoke(t, rt, handlertest.WebSocketEvent(handlertest.Message("say", `{"to":"x","text":"y"}`)))
	if log := p.end(); answer.Status != 503 || !strings.Contains(log, "TIERKIT_CONNECTION_CHAT is not set") {
		t.Errorf("without an endpoint: %d %s, log %s", answer.Status, answer.Body, log)
	}
}

// pythonScript is a client of another implementation, and the AWS CLI's client of
// @connections.
const pythonScript = `
import json, sys, urllib.request
import botocore.session
from botocore.exceptions import ClientError
from websockets.sync.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
api, socket = sys.argv[1:]

def check(name, got, want):
    if got != want:
        sys.exit("%s: got %r, want %r" % (name, got, want))

try:
    connect(socket)
    sys.exit("a handshake that is not valid was accepted")
except InvalidStatus as e:
    check("T188: a refused handshake", e.response.status_code, 400)

manage = botocore.session.Session().create_client("apigatewaymanagementapi", region_name="eu-central-1",
    endpoint_url=socket.replace("ws://", "http://") + "/live", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")

with connect(socket + "/live?room=a1", subprotocols=["room.v1"], compression="deflate", user_agent_header="py/1") as c:
    check("WSK-06: subprotocol", c.subprotocol, "room.v1")
    c.send(json.dumps({"action": "who"}))
    me = json.loads(c.recv(timeout=10))["from"]
    c.ping().wait(10)
    manage.post_to_connection(ConnectionId=me, Data=b"posted \xe2\x82\xac")
    check("WSK-12: a posted message", c.recv(timeout=10), "posted \u20ac")
    state = manage.get_connection(ConnectionId=me)
    check("WSK-12: the state", (state["Identity"]["SourceIp"], state["Identity"]["UserAgent"]), ("127.0.0.1", "py/1"))
    c.send(["{\"action\":\"say\",\"to\":\"", me, "\",\"text\":\"in frames\"}"])
    check("a message in several frames", json.loads(c.recv(timeout=10))["text"], "in frames")
    c.send(json.dumps({"action": "x"}))
    check("T189: no route", json.loads(c.recv(timeout=10))["message"], "Forbidden")
    manage.delete_connection(ConnectionId=me)
    try:
        c.recv(timeout=10)
        sys.exit("a closed connection goes on")
    except ConnectionClosed as e:
        check("WSK-12: the close code", e.rcvd.code, 1000)
try:
    manage.post_to_connection(ConnectionId=me, Data=b"x")
    sys.exit("a message to a closed connection was taken")
except manage.exceptions.GoneException as e:
    check("T191: gone", e.response["ResponseMetadata"]["HTTPStatusCode"], 410)
try:
    manage.post_to_connection(ConnectionId=me, Data=b"x" * (128 * 1024 + 1))
    sys.exit("a message over 128 KB was taken")
except manage.exceptions.PayloadTooLargeException:
    pass

for name, payload, code in (("T193: a frame of 33 KB", "x" * 33 * 1024, 1009), ("T193: a binary frame", b"x", 1003)):
    with connect(socket + "?room=a1") as c:
        c.send(payload)
        try:
            c.recv(timeout=10)
            sys.exit(name + " was taken")
        except ConnectionClosed as e:
            check(name, e.rcvd.code, code)
print("ok")
`

// clientPython is a Python with websockets and botocore.
func clientPython(t *testing.T) string {
	t.Helper()
	python := os.Getenv("TIERKIT_TEST_PYTHON")
	switch {
	case python != "":
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatal("TIERKIT_TEST_PYTHON is not set, and TIERKIT_TEST_SERVERS=require: install botocore and websockets and name their Python")
	default:
		t.Skip("TIERKIT_TEST_PYTHON is not set: not run against websockets and botocore")
	}
	return python
}

// TestServeWebSocketPython is T188, T189, T191, T193 with the clients websockets
// and botocore.
func TestServeWebSocketPython(t *testing.T) {
	t.Parallel()
	python := clientPython(t)
	_, api, socket := serveChat(t)
	out, err := exec.CommandContext(t.Context(), python, "-c", pythonScript, api, socket).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("%v\n%s", err, out)
	}
}
