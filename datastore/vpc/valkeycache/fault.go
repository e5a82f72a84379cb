package valkeycache

import (
	"context"
	"errors"
	"strings"

	"github.com/valkey-io/valkey-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// codes are the first words of a server's errors, by what they mean. None of
// these requests was carried out.
//
// See https://valkey.io/topics/protocol/#simple-errors
var codes = map[string]retry.Fault{
	"LOADING":     {Kind: datastore.ErrUnavailable, Retry: true},
	"MASTERDOWN":  {Kind: datastore.ErrUnavailable, Retry: true},
	"READONLY":    {Kind: datastore.ErrUnavailable, Retry: true}, // it was the primary before a failover
	"UNBLOCKED":   {Kind: datastore.ErrUnavailable, Retry: true},
	"CLUSTERDOWN": {Kind: datastore.ErrUnavailable, Retry: true},
	"TRYAGAIN":    {Kind: datastore.ErrUnavailable, Retry: true},
	"BUSY":        {Kind: datastore.ErrUnavailable, Retry: true}, // with a script
	"NOREPLICAS":  {Kind: datastore.ErrUnavailable, Retry: true},
	"MISCONF":     {Kind: datastore.ErrUnavailable},
	"OOM":         {Kind: datastore.ErrUnavailable},
	"WRONGPASS":   {Kind: datastore.ErrDenied},
	"NOAUTH":      {Kind: datastore.ErrDenied},
	"NOPERM":      {Kind: datastore.ErrDenied},
	"WRONGTYPE":   {Kind: datastore.ErrCorrupt},
	"MOVED":       {Kind: datastore.ErrDeclaration},
	"ASK":         {Kind: datastore.ErrDeclaration},
	"CROSSSLOT":   {Kind: datastore.ErrDeclaration},
}

// general are parts of the errors that have the code ERR alone.
var general = []struct {
	part  string
	fault retry.Fault
}{
	{"value is not an integer", retry.Fault{Kind: datastore.ErrCorrupt}},
	{"increment or decrement would overflow", retry.Fault{Kind: datastore.ErrTooLarge}},
	{"max number of clients reached", retry.Fault{Kind: datastore.ErrUnavailable, Retry: true}},
	{"string exceeds maximum allowed size", retry.Fault{Kind: datastore.ErrTooLarge}},
	{"invalid password", retry.Fault{Kind: datastore.ErrDenied}},
	{"without any password configured", retry.Fault{Kind: datastore.ErrDenied}},
}

// hints say what to do about an error of the server.
var hints = map[string]string{
	"MOVED":     "the cache is in cluster mode; give its URL the parameter cluster=1 and the configuration endpoint",
	"ASK":       "the cache is in cluster mode; give its URL the parameter cluster=1 and the configuration endpoint",
	"OOM":       "its memory is full; give it an eviction policy such as allkeys-lru, or more memory",
	"NOPERM":    "the user's access string does not allow the command or the key",
	"WRONGPASS": "the user does not exist, is off or has another password",
	"NOAUTH":    "it asks for a user and a password",
	"READONLY":  "it is a replica; the endpoint is not that of the primary",
	"LOADING":   "it is loading its data",
}

// serverError is an error of the server without its text, which may repeat what
// was sent.
type serverError struct {
	code   string
	part   string // what is known of an ERR
	native error
}

func (e *serverError) Error() string {
	switch hint := hints[e.code]; {
	case hint != "":
		return hint
	case e.part != "":
		return e.part
	}
	return "the server refused the request"
}

func (e *serverError) Unwrap() error { return e.native }

// faultOf reads the error of a request. notSent says that it was none: there is no
// connection.
func faultOf(err error, notSent bool) retry.Fault {
	var native *valkey.ValkeyError
	var own *datastore.Error // of a secret, or about what was answered
	var u *unsent
	switch {
	case errors.As(err, &own):
		f := retry.Fault{Kind: own.Kind, Code: own.Code, Err: err}
		if own.Store == "" && own.Err != nil { // about an answer
			f.Err = own.Err
		}
		return f
	case errors.As(err, &native):
		return serverFault(native)
	case notSent, errors.As(err, &u), errors.Is(err, valkey.ErrNoSlot):
		return retry.Fault{Kind: datastore.ErrUnavailable, Retry: true, Err: err}
	}
	return retry.Fault{Kind: datastore.ErrUnavailable, Retry: true, Lost: true, Quick: !timedOut(err), Err: err}
}

func serverFault(native *valkey.ValkeyError) retry.Fault {
	text := native.Error()
	code, _, _ := strings.Cut(text, " ")
	e := &serverError{code: code, native: native}
	f, known := codes[code]
	for _, g := range general {
		if known || !strings.Contains(text, g.part) {
			continue
		}
		f, known, e.part = g.fault, true, g.part
	}
	if !known {
		f = retry.Fault{Kind: datastore.ErrDeclaration}
	}
	if !word(code) {
		code = "ERR"
	}
	f.Code, f.Err = code, e
	return f
}

// word reports whether the first word of an error is a code and not anything.
func word(code string) bool {
	return code != "" && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// refusedLogin reports whether user or password were refused.
func refusedLogin(err error) bool {
	native, ok := errors.AsType[*valkey.ValkeyError](err)
	if !ok {
		return false
	}
	code, _, _ := strings.Cut(native.Error(), " ")
	return code == "WRONGPASS" || code == "NOAUTH" || strings.Contains(native.Error(), "invalid password")
}

// broken reports whether the session of a request that failed with err is to be
// dropped: its connection is, it answers too late, or it is to the wrong node. A
// caller that has gone leaves it as it was.
func broken(err error) bool {
	if _, own := errors.AsType[*datastore.Error](err); own {
		return false
	}
	native, ok := errors.AsType[*valkey.ValkeyError](err)
	if !ok {
		return !errors.Is(err, context.Canceled)
	}
	code, _, _ := strings.Cut(native.Error(), " ")
	return code == "READONLY" || code == "MASTERDOWN" || code == "NOAUTH" || code == "CLUSTERDOWN"
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
