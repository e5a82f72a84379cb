package identity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Trigger is a moment at which a user pool asks a function what to do, and waits for
// the answer. The methods of [Directory] make it: [Directory.PreSignUp] and the others.
//
//	tier.On(worker, users.PreSignUp(), func(ctx context.Context, e *identity.PreSignUpEvent) error {
//		if !strings.HasSuffix(e.Request.UserAttributes["email"], "@example.com") {
//			return handler.Errorf(403, "only addresses of example.com may sign up")
//		}
//		e.Response.AutoConfirmUser, e.Response.AutoVerifyEmail = true, true
//		return nil
//	})
//
// The answer is what the function leaves in the Response. An error is the end of what
// the user wants to do: Cognito tells "PreSignUp failed with error" and the words that
// a client of an API would read, so nothing of an error that is no handler.Error.
//
// Cognito waits for 5 seconds and asks up to three times: the function gets no more
// time than that, whatever its timeout is, and can be asked twice. A pool asks one
// function at each trigger.
//
// In AWS the pool needs its functions before it can be made, so they cannot have its
// id in their environment: a function with triggers that also uses the directory
// learns the id from the event, and serves nothing but triggers.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
type Trigger[Request, Response any] struct {
	feed  datastore.Feed
	basic bool // of several versions the first, whose answer has another form
	other bool // one of the others
}

var _ datastore.Answering[*PreSignUpEvent] = (*Trigger[PreSignUpRequest, PreSignUpResponse])(nil)

// TriggerEvent is what a user pool asks. What is not in the event is zero; members that
// the types do not have are sent back as they came.
type TriggerEvent[Request, Response any] struct {
	// Version of the event: "1"; "2" and "3" of those of [TokenClaimsEvent].
	Version string `json:"version"`
	// TriggerSource is the moment, of which a trigger may have several:
	// "PreSignUp_SignUp", "PreSignUp_AdminCreateUser".
	TriggerSource string        `json:"triggerSource"`
	Region        string        `json:"region"`
	UserPoolID    string        `json:"userPoolId"`
	UserName      string        `json:"userName"` // "" where there is no user yet
	CallerContext CallerContext `json:"callerContext"`
	Request       Request       `json:"request"`
	Response      Response      `json:"response"` // as Cognito would go on, to be changed

	given, before []byte // the response as it came, and as the type has it
}

// CallerContext says by which client a user came.
type CallerContext struct {
	AWSSDKVersion string `json:"awsSdkVersion"`
	ClientID      string `json:"clientId"` // of the app client
}

// Format shows the moment alone, whatever the verb is: events have addresses, passwords
// and tokens.
func (e *TriggerEvent[Request, Response]) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, e.text())
}

// LogValue is what Format shows.
func (e *TriggerEvent[Request, Response]) LogValue() slog.Value { return slog.StringValue(e.text()) }

func (e *TriggerEvent[Request, Response]) text() string {
	if e == nil {
		return "no event"
	}
	return "event " + e.TriggerSource + " of " + e.UserPoolID
}

// Feed is for tier.On.
func (t *Trigger[Request, Response]) Feed() datastore.Feed { return t.feed }

// Decoder is for tier.On.
func (t *Trigger[Request, Response]) Decoder() func(*datastore.Record, **TriggerEvent[Request, Response]) error {
	return t.decode
}

func (t *Trigger[Request, Response]) decode(r *datastore.Record, v **TriggerEvent[Request, Response]) (err error) {
	// Cognito adds members, so others than those of the types must do.
	e := &TriggerEvent[Request, Response]{}
	var raw struct {
		Response json.RawMessage `json:"response"`
	}
	if json.Unmarshal(r.Data, e) != nil || json.Unmarshal(r.Data, &raw) != nil {
		return corrupt("is not an event of %s", t.feed.Asks) // the error could tell what is in it
	}
	if !strings.HasPrefix(e.TriggerSource, t.feed.Events[0]+"_") {
		return corrupt("is not an event of %s", t.feed.Asks)
	}
	if t.basic && e.Version != "1" || t.other && e.Version == "1" {
		return corrupt("is of version %.8q, and %s was declared; deploy the user pool and the function together", e.Version, t.feed.Asks)
	}
	if r, ok := any(&e.Request).(interface{ of(pool string) }); ok {
		r.of(e.UserPoolID)
	}
	e.given = raw.Response
	if e.before, err = json.Marshal(e.Response); err != nil {
		return corrupt("has a response that cannot be sent back")
	}
	*v = e
	return nil
}

// Answer is the response of an event: as it came if nothing was changed, and else with
// the members that were changed or lacked. It is for tier.On.
func (t *Trigger[Request, Response]) Answer(e *TriggerEvent[Request, Response]) ([]byte, error) {
	if e == nil {
		return nil, fmt.Errorf("identity %s: the event of %s is nil; leave the answer in the one that the function was given", t.feed.Spec.Name(), t.feed.Asks)
	}
	after, err := json.Marshal(e.Response)
	if err != nil {
		return nil, fmt.Errorf("identity %s: the response to %s: %w", t.feed.Spec.Name(), t.feed.Asks, err)
	}
	if !isObject(e.given) {
		return after, nil
	}
	if bytes.Equal(e.before, after) {
		return e.given, nil
	}
	var out, was, is map[string]json.RawMessage
	for _, part := range []struct {
		text []byte
		into *map[string]json.RawMessage
	}{{e.given, &out}, {e.before, &was}, {after, &is}} {
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return nil, fmt.Errorf("identity %s: the response to %s: %w", t.feed.Spec.Name(), t.feed.Asks, err)
		}
	}
	for name := range was {
		if _, still := is[name]; !still {
			delete(out, name)
		}
	}
	for name, value := range is {
		if _, there := out[name]; !there || !bytes.Equal(was[name], value) {
			out[name] = value
		}
	}
	return json.Marshal(out)
}

func isObject(text []byte) bool { return len(text) > 0 && text[0] == '{' }

func corrupt(format string, args ...any) error {
	return &datastore.Error{Store: "identity", Op: "decode", Kind: datastore.ErrCorrupt, Err: fmt.Errorf(format, args...)}
}

// FromTrigger is the value of the variable of a directory in a function that answers its
// triggers, and so has the id of the user pool from their events: drivers then open the
// pool of the record in the context (datastore.RecordFrom).
const FromTrigger = "the pool of the trigger"

// trigger is one of d. event is how the trigger sources of asks begin.
func trigger[Request, Response any](d *Directory, asks, event string) *Trigger[Request, Response] {
	return &Trigger[Request, Response]{feed: datastore.Feed{
		Spec: d.state.Spec, Service: "cognito", Asks: asks, Events: []string{event},
	}}
}
