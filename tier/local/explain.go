package local

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Explanation is what a gateway did about one request, for the developer:
// what it saw, what each step decided and why, what the function got and gave,
// and what was answered. Secrets are left out: values of headers, cookies,
// parameters and members whose names tell that they are some (Authorization,
// Cookie, X-Api-Key, tokens, signatures, passwords). A body that is no JSON and
// no form is shown as it is, up to 4 KB.
type Explanation struct {
	// Door is the front door: "REST API".
	Door string `json:"door"`
	// ID is the request's id, as its client sees it.
	ID      string           `json:"requestId"`
	Time    time.Time        `json:"time"`
	Request ExplainedRequest `json:"request"`
	// Steps in order; the last one may have refused the request.
	Steps []ExplainedStep `json:"steps"`
	// Function that was invoked, "" for none, in which case what follows but for
	// Error and Answer is empty.
	Function string `json:"function,omitempty"`
	// Event that it got, a JSON object.
	Event json.RawMessage `json:"event,omitempty"`
	// Output of the function as it returned it, JSON unless it is malformed.
	Output string `json:"output,omitempty"`
	// Error is why the request failed, "" if it did not or the step says it.
	Error  string          `json:"error,omitempty"`
	Answer ExplainedAnswer `json:"answer"`
}

// ExplainedRequest is a request as it arrived.
type ExplainedRequest struct {
	Method string `json:"method"`
	Target string `json:"target"` // path and query
	Proto  string `json:"proto"`
	// Header with Host, under the names that net/http gives them.
	Header http.Header `json:"header"`
	Body   string      `json:"body,omitempty"`
	Size   int         `json:"size"` // of the body in bytes
}

// ExplainedStep is one decision on the way of a request.
type ExplainedStep struct {
	// Who decided: "request", "router", "authorizer users", "function orders".
	Who string `json:"who"`
	// What was decided and why.
	What string `json:"what"`
	// At is the Go line that declared it, zero if none did.
	At datastore.Position `json:"at,omitzero"`
	// Refused tells that the request was refused here.
	Refused bool `json:"refused,omitempty"`
}

// ExplainedAnswer is an answer as the client gets it. One that is streamed has no
// Body, and Size 0.
type ExplainedAnswer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   string      `json:"body,omitempty"`
	Size   int         `json:"size"`
}

// explanation is what is known of x at its end.
func (x *exchange) explanation(door Door, withoutSecrets redactor, a *answer, sent http.Header) *Explanation {
	withoutSecrets = withoutSecrets.of(x)
	e := &Explanation{
		Door: door.String(), ID: x.id, Time: x.at,
		Request: ExplainedRequest{
			Method: x.Method, Target: withQuery(x.path, withoutSecrets.query(x.URL.RawQuery)), Proto: x.Proto,
			Header: withoutSecrets.header(x.Header), Body: withoutSecrets.body(x.body, x.Header.Get("Content-Type")), Size: len(x.body),
		},
		Steps:  make([]ExplainedStep, len(x.notes)),
		Answer: ExplainedAnswer{Status: a.status, Header: withoutSecrets.header(sent), Body: withoutSecrets.body(a.body, a.header.Get("Content-Type")), Size: len(a.body)},
	}
	e.Request.Header["Host"] = []string{x.Host}
	told := ""
	for i, n := range x.notes {
		e.Steps[i] = ExplainedStep{Who: n.who, What: withoutSecrets.without(n.what), At: n.at, Refused: n.refused}
		told += n.what
	}
	if x.err != nil && !strings.Contains(told, x.err.Error()) {
		e.Error = withoutSecrets.without(x.err.Error())
	}
	if x.invoked {
		e.Function = x.function.Name
		shown := withoutSecrets.body(x.body, x.Header.Get("Content-Type"))
		e.Event, _ = withoutSecrets.json(x.event, &shown) // our own event is JSON
		e.Output = withoutSecrets.without(string(x.output))
		if out, ok := withoutSecrets.json(x.output, nil); ok {
			e.Output = withoutSecrets.without(string(out))
		}
	}
	return e
}

func withQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// noteAt is note with the Go line of what decided.
func (x *exchange) noteAt(at datastore.Position, who, format string, args ...any) {
	if x.explained {
		x.notes = append(x.notes, note{who: who, what: fmt.Sprintf(format, args...), at: at})
	}
}

// taken says that the front door takes a request as it is.
func (x *exchange) taken(door Door) {
	if x.explained { // so that nothing is made of the arguments otherwise
		x.note("request", "within the limits of a %s, %d bytes of body", door, len(x.body))
	}
}

// stopped says that a step answered the request itself with a status, and why if
// the step has not said it: it has if there are more notes than told.
func (x *exchange) stopped(who string, told, status int) {
	if last := len(x.notes) - 1; !x.explained || last >= 0 && x.notes[last].refused {
		return
	}
	if len(x.notes) == told || x.err != nil && !x.notes[len(x.notes)-1].says(x.err) {
		why := fmt.Sprintf("answered %d", status)
		if x.err != nil {
			why = x.err.Error()
		}
		x.note(who, "%s", why)
	}
	x.notes[len(x.notes)-1].refused = status >= http.StatusBadRequest
}

// says reports whether the note tells the error already, with or without who.
func (n note) says(err error) bool { return strings.Contains(n.who+": "+n.what, err.Error()) }

// ran keeps what the function got and what became of it.
func (x *exchange) ran(event, output []byte, a *answer, err error) {
	if !x.explained {
		return
	}
	x.event, x.output = event, output
	who := "function " + x.function.Name
	switch {
	case err != nil && output != nil:
		x.note(who, "answered %d bytes", len(output))
		x.note("answer", "%v", err)
	case err != nil:
		x.note(who, "%v", err)
	default:
		x.note(who, "answered %d, %d bytes%s", a.status, len(output), problemOf(a))
	}
	x.notes[len(x.notes)-1].refused = err != nil || a.status >= http.StatusBadRequest
}

// problemOf is what a problem document says: which fields a validator refused.
func problemOf(a *answer) string {
	var p handler.Problem
	if a.header.Get("Content-Type") != handler.ProblemType || json.Unmarshal(a.body, &p) != nil {
		return ""
	}
	said := p.Title
	if p.Detail != "" {
		said = p.Detail
	}
	for _, f := range p.Errors {
		said += "; " + f.Location + " " + f.Message + " (" + f.Rule + ")"
	}
	return ": " + said
}

// unrouted says that a front door has no routes.
func (x *exchange) unrouted(door Door) {
	if x.explained {
		x.note("router", "a %s does not route: every request goes to function %s", door, x.function.Name)
	}
}

// asked says what CORS makes of the origin of x.
func (x *exchange) asked(cors *handler.CORS) {
	if origin := x.Header.Get("Origin"); !x.explained || origin == "" {
		return
	} else if cors.AllowOrigin(origin) == "" {
		x.note("CORS", "the origin %s is not allowed, so its pages cannot read the answer; these are: %s", origin, strings.Join(cors.Origins, ", "))
	} else {
		x.note("CORS", "the origin %s is allowed", origin)
	}
}
