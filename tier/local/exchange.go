package local

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// exchange is one request and what became of it.
type exchange struct {
	*http.Request
	ids    identifiers
	id     string // of ids the one that clients of the door see
	at     time.Time
	method string // as routed
	path   string // as sent, percent-encoded
	body   []byte

	stage     *stage // of doors that have stages
	canary    bool   // the canary of the stage was drawn
	variables []byte // stage variables as a JSON object; nil for none
	mapping   *mapping
	below     string // the path that routes see: below stage and base path
	shown     string // the path that the event shows
	full      string // requestContext.path of payload format 1.0

	match    match // of doors that route
	function *Function
	invoked  bool

	client     identity // who the gateway found to be calling
	signed     bool     // by the Authorization header or the URL, and verified
	refreshes  bool     // the caller may invalidate what is cached
	invalid    string   // why a validator refused it, as it stands in a JSON string
	authorizer []byte   // requestContext.authorizer, a JSON object; nil for none
	kind       string   // of the authorizer, below which payload format 2.0 puts it
	usageKey   string   // the API key that a Lambda authorizer names; "" for none
	// finish, if it is not nil, sees the answer of the function before it is sent.
	finish func(*answer)

	explained bool // notes are wanted, and what follows is kept
	notes     []note
	event     []byte
	output    []byte // of the function

	cut bool  // the answer broke off, and the client must be able to tell
	err error // why it failed or was refused, if so; never the client's to see
}

// record writes the one line of an exchange: what was asked, what was answered,
// how long it took and who answered. The query stays out: it may hold secrets.
func (x *exchange) record(log *slog.Logger, status int, took time.Duration) {
	level := slog.LevelInfo
	if x.err != nil && (x.cut || status >= http.StatusInternalServerError) && !errors.Is(x.err, errClientGone) {
		level = slog.LevelError
	}
	ctx := context.Background()
	if log == nil || !log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", plain(x.method)), slog.String("path", plain(x.path)), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("request", x.id),
	}
	if x.invoked {
		attrs = append(attrs, slog.String("function", x.function.Name), slog.Int("memory", x.function.Memory),
			slog.String("invocation", x.ids.invocation))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("error", plain(x.err.Error())))
	}
	log.LogAttrs(ctx, level, "request", attrs...)
}

// plain is s with control characters and what is not ASCII escaped, for a log.
func plain(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			quoted := strconv.QuoteToASCII(s)
			return quoted[1 : len(quoted)-1]
		}
	}
	return s
}

// identity are the members of requestContext.identity by which a REST API tells
// who signed a request and which API key came with it; "" for unknown.
type identity struct {
	accessKey, accountID, caller, user, userARN string
	cognitoIdentityID, cognitoIdentityPoolID    string
	cognitoAuthenticationType                   string
	cognitoAuthenticationProvider               string
	principalOrgID                              string
	apiKey, apiKeyID                            string
}
