package datastore

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// The facts a caller may act on. Every error of a store handle matches exactly
// one of them by [errors.Is]. Each has a StatusCode method, by which a handler's
// error becomes an HTTP answer without handler knowing this package; the text
// never reaches a client.
var (
	// ErrNotFound: there is no such item, object, key or secret. 404.
	ErrNotFound error = &sentinel{"not found", 404}
	// ErrConflict: it exists already, its version is another, or a condition
	// did not hold. Nothing was written. 409.
	ErrConflict error = &sentinel{"conflict", 409}
	// ErrThrottled: the service asked to slow down until the time ran out.
	// Nothing was written. 503.
	ErrThrottled error = &sentinel{"throttled", 503}
	// ErrUnavailable: the store could not be reached. Nothing was written. 503.
	ErrUnavailable error = &sentinel{"unavailable", 503}
	// ErrUnknown: no answer came; a write may or may not have been applied, and
	// was not repeated because repeating it is not safe. 500.
	ErrUnknown error = &sentinel{"outcome unknown", 500}
	// ErrDenied: the function was not granted this, or AWS refused it. 500; 403 with
	// the cause [ErrNotOwner].
	ErrDenied error = &sentinel{"denied", 500}
	// ErrInvalid: the call itself is wrong (an empty key, a page token of
	// another query), refused before anything was sent. 400.
	ErrInvalid error = &sentinel{"invalid", 400}
	// ErrDeclaration: the store is declared wrongly, or the one that was deployed
	// does not fit the declaration. No caller can cause it, and none can mend it.
	// Nothing was written. 500.
	ErrDeclaration error = &sentinel{"wrong declaration", 500}
	// ErrTooLarge: over a limit of the service. 413.
	ErrTooLarge error = &sentinel{"too large", 413}
	// ErrNoBudget: too little of the invocation's time was left, or it ended
	// during a read. Nothing was written. 503.
	ErrNoBudget error = &sentinel{"no time left", 503}
	// ErrCorrupt: what is stored cannot be read as the type it was asked for. 500.
	ErrCorrupt error = &sentinel{"corrupt", 500}
)

// ErrNotOwner is the cause of an [ErrDenied] for which the caller is to blame and not
// the program: of a store that is narrowed to an [Owner]'s part, another's was asked
// for. 403.
var ErrNotOwner error = &sentinel{"the key is not of this caller or tenant", 403}

type sentinel struct {
	text   string
	status int
}

func (s *sentinel) Error() string   { return s.text }
func (s *sentinel) StatusCode() int { return s.status }

// Error is an error of a store operation. Its text has the form
// "table orders: get: not found: cause"; it never holds items or secrets.
type Error struct {
	Store    string // kind and logical name: "table orders"
	Op       string // the operation in lower case: "get"
	Kind     error  // one of the sentinels above
	Code     string // the service's own code, if it gave one
	Attempts int    // how often it was tried; 0 if it was never sent
	Err      error  // the cause, reachable by errors.As; may be nil
}

func (e *Error) Error() string {
	if e.Store == "" && e.Op == "" { // a driver's, of which only a handle knows them
		return e.detail()
	}
	return e.Store + ": " + e.Op + ": " + e.detail()
}

// detail is the text without store and operation. That of a batch is the one of
// its first failed item, from which it has its kind, code and attempts.
func (e *Error) detail() string {
	if p, ok := e.Err.(*PartialError); ok {
		return p.Error()
	}
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	if e.Code != "" {
		b.WriteString(": " + e.Code)
	}
	if e.Attempts > 1 {
		b.WriteString(" after " + strconv.Itoa(e.Attempts) + " attempts")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives errors.Is the sentinel and errors.As the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// StatusCode is the HTTP status of the sentinel, or of the cause [ErrNotOwner].
func (e *Error) StatusCode() int {
	if errors.Is(e.Err, ErrNotOwner) {
		return ErrNotOwner.(*sentinel).status
	}
	if s, ok := e.Kind.(*sentinel); ok {
		return s.status
	}
	return 500
}

// PartialError says which items of a batch failed; the others succeeded. It is
// found by errors.As, and errors.Is finds the sentinel of each item.
type PartialError struct {
	Failed []ItemError
}

// ItemError is one failed item of a batch.
type ItemError struct {
	Index int   // its position in the caller's slice; of a page, among the items read for it
	Err   error // why
}

func (e *PartialError) Error() string {
	if len(e.Failed) == 0 {
		return "no item failed"
	}
	f := e.Failed[0]
	text := f.Err.Error()
	if own, ok := f.Err.(*Error); ok { // of the same store and operation as the batch
		text = own.detail()
	}
	return strconv.Itoa(len(e.Failed)) + " of the items failed, first item " + strconv.Itoa(f.Index) + ": " + text
}

// Unwrap returns the error of each failed item.
func (e *PartialError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		errs[i] = f.Err
	}
	return errs
}

// StatusCode is the status of the first failed item's error, else 500.
func (e *PartialError) StatusCode() int {
	var s interface{ StatusCode() int }
	if len(e.Failed) > 0 && errors.As(e.Failed[0].Err, &s) {
		return s.StatusCode()
	}
	return 500
}

// Mistakes takes joined errors apart, in the order of their Go lines, each once.
// Those that are no [*DeclarationError] come first.
func Mistakes(errs ...error) []error {
	var all []error
	for _, err := range errs {
		if parts := joined(err); parts != nil {
			all = append(all, Mistakes(parts...)...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	at := func(err error) Position {
		var d *DeclarationError
		if errors.As(err, &d) {
			return d.At
		}
		return Position{}
	}
	slices.SortStableFunc(all, func(x, y error) int {
		p, q := at(x), at(y)
		return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line))
	})
	return slices.CompactFunc(all, func(x, y error) bool { return x.Error() == y.Error() })
}

// joined are the errors that [errors.Join] made err of. What has several causes and words
// of its own, as an [*Error] has, says more than they do, and is one.
func joined(err error) []error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	parts := several.Unwrap()
	if plain := errors.Join(parts...); plain == nil || plain.Error() != err.Error() {
		return nil
	}
	return parts
}

// DeclarationError is a mistake in a declaration, with the place of the call
// and what to write instead.
type DeclarationError struct {
	At      Position
	Message string
}

func (e *DeclarationError) Error() string {
	if e.At.IsZero() {
		return e.Message
	}
	return e.At.String() + ": " + e.Message
}
