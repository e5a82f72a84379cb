package middleware

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Flags are the feature flags of a configuration, which [NewFlag] reads. They are safe
// for concurrent use.
type Flags struct {
	reader config.Reader[FlagSet]
	note   bool
	now    func() time.Time
	log    *slog.Logger

	read  atomic.Bool  // the last attempt to read the document went well
	later atomic.Int64 // when to try again after one that did not, in nanoseconds of Unix time
}

// FlagOptions changes what [NewFlags] does. The zero value of each field is its default.
type FlagOptions struct {
	// Note notes which variant of a flag was given, as "flag.NAME", see [Note]: "on" or
	// "off" for a flag without variants.
	Note bool
	// Now is the clock, also that of $now. Default time.Now.
	Now func() time.Time
	// Log is told of flags that the document does not have, or not in the type of the
	// code, once for each version of the document, and of a document that cannot be
	// read. Default slog.Default().
	Log *slog.Logger
}

// NewFlags are the flags of a configuration:
//
//	flags := middleware.NewFlags(datastore.Use[config.Reader[middleware.FlagSet]](api,
//		config.New(data, "flags", config.AppConfig, middleware.FlagDocument(flagsJSON), nil)), nil)
//	beta := middleware.NewFlag(flags, "beta", false)
//	...
//	if beta.Get(ctx, slog.String("country", "CH")) {
//
// No error of a flag reaches a request: the configuration gives the last good document
// for as long as it serves old ones ([config.Options]), and after that, and before there
// was one, each flag is what the code says. A document that could not be read is not
// asked for again for ten seconds, and the first is waited for a second at most, or half of
// what the request has left.
//
// # Rules
//
// The rules of variants are those of AppConfig, which has them evaluated by a process
// beside the function; here the function does it. eq, gt, gte, lt, lte, and, or, not,
// begins_with, ends_with, contains, in, exists and split are known. A document with
// matches is refused as a whole, as one with any other mistake is. The context of a rule,
// $key, is looked for in this order:
//
//	facts        given to Get: texts, numbers, booleans, times, slices of strings
//	$now         the time
//	$tenant      for which tenant the request is, see [Tenant]
//	$caller      the caller's id             }
//	$version     the version of the request  } of the request, inside of [Flags.Middleware],
//	$groups      the caller's, as a list     } or as noted
//	$scopes      the caller's, as a list     }
//	notes        of the invocation, see [Note]
//	claims       of the caller: $email; inside of [Flags.Middleware]
//
// A comparison with what is not there is false. Two values are compared as numbers, times
// or booleans if one of them is one, and otherwise as text, byte by byte; contains looks
// for an element of a list. split takes percent by a hash of the flag's name, or of the
// seed, and the value: who is among 10 % is among 20 %, too. Its hash is not that of
// AppConfig's agent.
//
// opts may be nil. Panics with a [*datastore.DeclarationError] without a configuration.
//
// See https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-creating-multi-variant-feature-flags-rules.html
//
// [*datastore.DeclarationError]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#DeclarationError
func NewFlags(document config.Reader[FlagSet], opts *FlagOptions) *Flags {
	if document == nil {
		misdeclared("NewFlags: there is no configuration; write datastore.Use[config.Reader[middleware.FlagSet]]")
	}
	f := &Flags{reader: document, now: time.Now}
	if opts != nil {
		f.note, f.log = opts.Note, opts.Log
		if opts.Now != nil {
			f.now = opts.Now
		}
	}
	return f
}

// Middleware lets rules know who is calling, and gives each request and each record one
// version of the document from its first flag to its last. It belongs inside of what
// verifies callers.
func (f *Flags) Middleware() handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			return next.Handle(&flagView{Context: ctx, flags: f, req: req}, req)
		})
	}
}

// flagView is what one invocation sees of the flags. It is the context that it is in.
type flagView struct {
	context.Context
	flags *Flags
	req   *handler.Request

	once sync.Once
	doc  *flagDocument

	mu     sync.Mutex
	caller *handler.Caller // nil before a rule asks
}

type flagKey struct{ of *Flags }

// Value finds the view of one Flags.
func (v *flagView) Value(key any) any {
	if k, ok := key.(flagKey); ok && k.of == v.flags {
		return v
	}
	return v.Context.Value(key)
}

// who is the caller, whom front doors make of the event each time they are asked.
func (v *flagView) who() *handler.Caller {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.caller == nil {
		caller := v.req.Caller()
		v.caller = &caller
	}
	return v.caller
}

func (f *Flags) view(ctx context.Context) *flagView {
	v, _ := ctx.Value(flagKey{f}).(*flagView)
	return v
}

// document is the one that counts for ctx, nil for none.
func (f *Flags) document(ctx context.Context, view *flagView) *flagDocument {
	if view == nil {
		return f.get(ctx)
	}
	view.once.Do(func() { view.doc = f.get(ctx) })
	return view.doc
}

const (
	firstRead  = time.Second      // how long a request waits for the document while there is none, at most
	retryFlags = 10 * time.Second // after it could not be read
)

// get reads the document. The time for that is limited while there is none: once there is,
// the configuration serves that one.
func (f *Flags) get(ctx context.Context) *flagDocument {
	if f.read.Load() {
		return f.ask(ctx)
	}
	if f.now().UnixNano() < f.later.Load() {
		return nil
	}
	limit := firstRead
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(end)/2) // the request has more to do
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return f.ask(ctx)
}

func (f *Flags) ask(ctx context.Context) *flagDocument {
	set, err := f.reader.Get(ctx)
	if err == nil && set.doc == nil {
		err = errors.New("there is none")
	} else if err == nil {
		err = set.doc.err
	}
	f.read.Store(err == nil)
	if err == nil {
		return set.doc
	}
	if context.Cause(ctx) != context.Canceled { // the client's leaving says nothing of the service
		f.later.Store(f.now().Add(retryFlags).UnixNano())
	}
	logTo(f.log).LogAttrs(ctx, slog.LevelWarn, "the flags cannot be read: the code's own values count", slog.Any("error", err))
	return nil
}

// Flag is one flag as a T. It is safe for concurrent use.
type Flag[T any] struct {
	flags     *Flags
	name      string
	noteKey   string
	otherwise T
	defaults  []byte // otherwise as JSON

	mu   sync.Mutex // of one who reads the values of a document
	last atomic.Pointer[flagValues[T]]
}

// flagValues are the values of a flag in one document.
type flagValues[T any] struct {
	doc      *flagDocument
	flag     *flag // nil if the document does not have it
	variants []T
}

// NewFlag is the flag called name, as a bool that says whether it is enabled, or as a
// struct with its attributes:
//
//	type Checkout struct {
//		Enabled bool `json:"enabled"`
//		Columns int  `json:"columns"`
//	}
//	checkout := middleware.NewFlag(flags, "checkout", Checkout{Columns: 1})
//
// otherwise is what counts where the document does not have the flag, or has it in
// another type, and where there is no document. Attributes that it does not have, and all
// of a flag that is off, keep the values of otherwise, too.
//
// Panics with a [*datastore.DeclarationError] if there are no flags or no name, or if
// otherwise has no JSON to be read again.
//
// [*datastore.DeclarationError]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#DeclarationError
func NewFlag[T any](flags *Flags, name string, otherwise T) *Flag[T] {
	if flags == nil || name == "" {
		misdeclared("NewFlag %q: it has no name, or there are no flags; write middleware.NewFlag(flags, %q, false)", name, "checkout")
	}
	f := &Flag[T]{flags: flags, name: name, noteKey: "flag." + name, otherwise: otherwise}
	var err error
	if f.defaults, err = json.Marshal(otherwise); err == nil {
		_, err = f.decode([]byte(`{"enabled":false}`))
	}
	if err != nil {
		misdeclared("NewFlag %q: %T cannot be a flag: %v; write a bool, or a struct with a member \"enabled\"", name, otherwise, err)
	}
	return f
}

// Get is the flag for the invocation of ctx and these facts. All who get it share it:
// what pointers, slices and maps of it lead to is not to be changed.
func (f *Flag[T]) Get(ctx context.Context, given ...slog.Attr) T {
	view := f.flags.view(ctx)
	doc := f.flags.document(ctx, view)
	if doc == nil {
		return f.otherwise
	}
	values := f.in(ctx, doc)
	if values.flag == nil {
		return f.otherwise
	}
	of := facts{ctx: ctx, view: view, now: f.flags.now}
	i := values.flag.choose(&of, given)
	if f.flags.note {
		Note(ctx, slog.String(f.noteKey, values.flag.variants[i].name))
	}
	return values.variants[i]
}

// in are the values of the flag in doc, which are read once for each document.
func (f *Flag[T]) in(ctx context.Context, doc *flagDocument) *flagValues[T] {
	if last := f.last.Load(); last != nil && last.doc == doc {
		return last
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := f.last.Load(); last != nil && last.doc == doc {
		return last
	}
	values := &flagValues[T]{doc: doc}
	if err := f.readAll(values); err != nil {
		*values = flagValues[T]{doc: doc}
		logTo(f.flags.log).LogAttrs(ctx, slog.LevelWarn, "the code's own value of a flag counts", slog.String("flag", f.name), slog.Any("error", err))
	}
	f.last.Store(values)
	return values
}

func (f *Flag[T]) readAll(values *flagValues[T]) error {
	if values.flag = values.doc.flags[f.name]; values.flag == nil {
		return errors.New("the document does not have it")
	}
	for i := range values.flag.variants {
		variant := &values.flag.variants[i]
		value, err := f.decode(variant.value)
		if err != nil {
			return fmt.Errorf("variant %q: %w", variant.name, err)
		}
		values.variants = append(values.variants, value)
	}
	return nil
}

// decode reads a value over the default one, which it does not share memory with.
func (f *Flag[T]) decode(value []byte) (v T, err error) {
	if is, ok := any(&v).(*bool); ok {
		var head struct{ Enabled bool }
		err = json.Unmarshal(value, &head)
		*is = head.Enabled
		return v, err
	}
	if err = json.Unmarshal(f.defaults, &v); err == nil {
		err = json.Unmarshal(value, &v)
	}
	return v, err
}
