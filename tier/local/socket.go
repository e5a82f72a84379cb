package local

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// SocketGateway is a WebSocket API with its functions behind it: an http.Handler
// that takes handshakes at the root and at "/live", and calls of @connections
// below them. It is safe for concurrent use.
//
//	gateway, err := local.NewSocketGateway(chat, functions, &local.SocketOptions{Hub: hub})
//	if err != nil {
//		return err
//	}
//	defer gateway.Close()
//	return local.Serve(ctx, listener, gateway, nil)
//
// The messages of a connection are handled at the same time, as in AWS, 32 of a
// connection at most; their order on arrival is not kept.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
type SocketGateway struct {
	api       *tier.WebSocket
	path      []string // members from the body to the route key
	functions map[string]*Function
	events    socketEvents
	hub       *localsocket.Hub
	guard     socketGuard
	SocketOptions

	mu       sync.Mutex
	closed   bool
	sessions map[*session]struct{}
	running  sync.WaitGroup // sessions and invocations
}

var _ http.Handler = (*SocketGateway)(nil)

// SocketOptions are what a [SocketGateway] can be told. The zero value of each
// field is usable.
type SocketOptions struct {
	// Hub has the connections, by the name of the API; functions post to them
	// through it. Default: one of its own.
	Hub *localsocket.Hub
	// Identities are who may sign the handshakes of an API with tier.IAM, and the
	// calls of @connections, for which they need execute-api:ManageConnections.
	// Default nobody: such a handshake is refused, and a call of @connections
	// needs no signature.
	Identities *Identities
	// Now is the clock of events and of the log. Default time.Now.
	Now func() time.Time
	// Random is where ids are drawn from, by several events at once. Default
	// crypto/rand.
	Random io.Reader
	// Log gets one line an event, of level error where the function failed.
	// Default none.
	Log *slog.Logger
}

// What one connection may take.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const (
	maxFrame     = 32 << 10
	maxMessage   = 128 << 10
	socketIdle   = 10 * time.Minute
	socketLife   = 2 * time.Hour
	socketWait   = 29 * time.Second // for a function
	socketAtOnce = 32               // messages of a connection that are handled
	sendTime     = 10 * time.Second // for a client to take a message
	closeTime    = time.Second      // for a client to answer a close
)

// NewSocketGateway makes the gateway of a WebSocket API. It asks invoke once for
// each function of the API and for that of its Lambda authorizer, by the name it
// was declared with. A nil opts means the defaults. The error says what is wrong:
// an API without routes, a function without Invoke, an identity without a secret.
func NewSocketGateway(api *tier.WebSocket, invoke func(function string) Function, opts *SocketOptions) (*SocketGateway, error) {
	g := &SocketGateway{api: api, sessions: map[*session]struct{}{}}
	if opts != nil {
		g.SocketOptions = *opts
	}
	if g.hub = g.Hub; g.hub == nil {
		g.hub = localsocket.NewHub()
	}
	if g.Now == nil {
		g.Now = time.Now
	}
	if g.Random == nil {
		g.Random = rand.Reader
	}
	if g.Log == nil {
		g.Log = slog.New(slog.DiscardHandler)
	}
	if len(api.Routes()) == 0 {
		return nil, fmt.Errorf("local gateway: WebSocket API %s has no routes; give it one with Handle", api.Name())
	}
	var err error
	if g.functions, err = functionsOf(slices.Concat(api.Functions(), api.AuthorizerFunctions()), invoke); err != nil {
		return nil, err
	}
	if g.guard, err = newSocketGuard(g); err != nil {
		return nil, err
	}
	g.path = strings.Split(strings.TrimPrefix(api.Selection(), "$request.body."), ".")
	g.events = newSocketEvents(api.Name())
	return g, nil
}

// ServeHTTP takes a handshake, and returns when its connection has ended, or a
// call of @connections.
func (g *SocketGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := requestPath(r.URL)
	if rest, ok := strings.CutPrefix(path, "/"+tier.DefaultStage); ok && (rest == "" || rest[0] == '/') {
		path = rest
	}
	if id, ok := strings.CutPrefix(path, "/@connections/"); ok {
		g.manage(w, r, id)
		return
	}
	if path != "" && path != "/" {
		socketRefusal(http.StatusForbidden, "Forbidden").write(w)
		return
	}
	g.connect(w, r)
}

// Close ends all connections, as going away, takes no more, and waits for the
// functions that learn of it and for those that run, at most 5 s. The error says
// that some were still running then.
func (g *SocketGateway) Close() error {
	g.mu.Lock()
	g.closed = true
	for s := range g.sessions {
		_ = s.end(closeGone) // that it has ended is what is wanted
	}
	g.mu.Unlock()
	done := make(chan struct{})
	go func() {
		g.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(defaultGrace)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return fmt.Errorf("local server: functions of WebSocket API %s were still running %v after the stop and were left alone", g.api.Name(), defaultGrace)
	}
}

// add keeps a session until [SocketGateway.remove]; false after Close.
func (g *SocketGateway) add(s *session) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.running.Add(1)
	g.sessions[s] = struct{}{}
	return true
}

func (g *SocketGateway) remove(s *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, s)
	g.running.Done()
}

// invoked is what became of an event.
type invoked struct {
	id     string // of the request
	output *restOutput
	err    error
}

// newOccasion is an event of that route that r gives rise to, now.
func (g *SocketGateway) newOccasion(route string, r *http.Request) (*occasion, error) {
	o := &occasion{at: g.Now(), route: route}
	var err error
	if o.ids, err = newIdentifiers(g.Random, o.at, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotInvoked, err)
	}
	return o, nil
}

// invoke runs the function of a route with the event that make makes of an
// occasion without a request.
func (g *SocketGateway) invoke(route *tier.SocketRoute, c *client, make func(*occasion) []byte) invoked {
	o, err := g.newOccasion(route.Key(), noRequest)
	if err != nil {
		return invoked{err: err}
	}
	return g.run(route, c, o, make(o))
}

// run runs the function of a route and writes a line to the log.
func (g *SocketGateway) run(route *tier.SocketRoute, c *client, o *occasion, event []byte) invoked {
	result := invoked{id: o.ids.extended}
	f := g.functions[route.Function().Name()]
	output, err := f.invoke(event, &o.ids, socketWait)
	if err == nil {
		if result.output, err = parseRestOutput(output); err != nil {
			err = fmt.Errorf("function %s: malformed answer: %w", f.Name, err)
		}
	}
	result.err = err
	g.record(route, c, f, o, result)
	return result
}

func (g *SocketGateway) record(route *tier.SocketRoute, c *client, f *Function, o *occasion, result invoked) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("event", route.Event()), slog.String("route", route.Key()), slog.String("connection", c.id),
		slog.Float64("ms", float64(g.Now().Sub(o.at).Microseconds())/1000), slog.String("request", result.id),
		slog.String("function", f.Name), slog.Int("memory", f.Memory), slog.String("invocation", o.ids.invocation),
	}
	if result.err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", plain(result.err.Error())))
	} else {
		attrs = append(attrs, slog.Int("status", result.output.status))
	}
	g.Log.LogAttrs(context.Background(), level, "socket", attrs...)
}
