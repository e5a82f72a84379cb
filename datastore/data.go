package datastore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Driver opens stores of one kind. A kind's package has an interface of its own
// that adds the opening (table.Driver). Drivers are values, given to run.Main by
// the application: there is no registry.
type Driver interface {
	// Kind of the stores it opens: "table".
	Kind() string
	// Name in lower case, for messages: "dynamotable".
	Name() string
}

// Options configures [New]. The zero value of each field is usable.
type Options struct {
	// Namespace, see [Data.Namespace]. Default "".
	Namespace string
	// Lookup reads the environment variables by which deployed functions learn
	// the physical names of their stores ([Variable]). Default: none is set.
	Lookup func(variable string) (string, bool)
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Rand gives random bytes. Default crypto/rand.
	Rand io.Reader
	// Observe, if set, is told of the store operations that begin. Those that
	// are refused before ([ErrDenied] by the grant, [ErrInvalid],
	// [ErrDeclaration], [ErrTooLarge] by the item or key) do not. [Data.Watch] adds
	// more.
	Observe Observer
	// Missing says what to write where no driver opens a store. Default: to name
	// one in run.Main.
	Missing func(Spec) string
}

// Observer is told that a store operation begins. It returns the context for
// the operation and a function that is called once with its outcome, or nil.
// It must be safe for concurrent use.
type Observer func(ctx context.Context, op Operation) (context.Context, func(error))

// Operation is one operation of a store.
type Operation struct {
	Spec Spec
	Op   string // "Get"
}

// Data is what the stores of an application are declared on: their drivers and
// their names. Use [New], or datatest.New in a test.
type Data struct {
	drivers []Driver
	opts    Options
	observe atomic.Pointer[Observer] // all of them as one, nil for none

	mu    sync.Mutex
	specs []declared
	errs  []error
}

type declared struct {
	spec Spec
	at   Position
}

// New makes a Data whose stores are opened by drivers, of which the first of a
// kind counts. opts may be nil. It does no I/O: a store is opened by its first
// operation.
func New(drivers []Driver, opts *Options) *Data {
	d := &Data{drivers: slices.Clone(drivers)}
	if opts != nil {
		d.opts = *opts
	}
	if d.opts.Lookup == nil {
		d.opts.Lookup = func(string) (string, bool) { return "", false }
	}
	if d.opts.Observe != nil {
		d.Watch(d.opts.Observe)
	}
	if d.opts.Now == nil {
		d.opts.Now = time.Now
	}
	if d.opts.Rand == nil {
		d.opts.Rand = rand.Reader
	}
	if d.opts.Missing == nil {
		d.opts.Missing = func(Spec) string { return "name one in run.Main" }
	}
	return d
}

// Declare records a store. The constructors of the kinds call it. Mistakes, errs
// and those in the name, are collected for [Data.Errs] and returned joined: the
// store then answers each operation with them, as [ErrDeclaration], so that
// nothing is opened by a refused name. Panics if d is nil.
func (d *Data) Declare(spec Spec, errs ...error) error {
	at := Caller()
	if d == nil {
		refuse(at, fmt.Sprintf("%s %q is declared on no Data; pass the one that newApp is given", spec.Kind(), spec.Name()))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := CheckName(spec); err != nil {
		errs = append(errs, err)
	}
	for _, other := range d.specs {
		if Variable(other.spec) == Variable(spec) {
			errs = append(errs, sameVariable(spec, other))
			break
		}
	}
	d.specs = append(d.specs, declared{spec, at})
	return d.collect(at, errs)
}

// sameVariable is the mistake of a spec that would be found where other is.
func sameVariable(spec Spec, other declared) error {
	if spec.Name() == other.spec.Name() {
		return fmt.Errorf("%s %q is declared at %s already; declare it once and give every function that value, or give one another name",
			spec.Kind(), spec.Name(), other.at)
	}
	return fmt.Errorf("%s %q and %q (%s) fold to the same variable %s; give one another name",
		spec.Kind(), spec.Name(), other.spec.Name(), other.at, Variable(spec))
}

// collect keeps mistakes. d.mu is held.
func (d *Data) collect(at Position, errs []error) error {
	mistakes := make([]error, len(errs))
	for i, err := range errs {
		mistakes[i] = &DeclarationError{at, err.Error()}
	}
	d.errs = append(d.errs, mistakes...)
	return errors.Join(mistakes...)
}

// Specs are the declared stores, in order of declaration.
func (d *Data) Specs() []Spec {
	d.mu.Lock()
	defer d.mu.Unlock()
	specs := make([]Spec, len(d.specs))
	for i, s := range d.specs {
		specs[i] = s.spec
	}
	return specs
}

// DeclaredAt is the line on which a store was declared; zero if none was of the
// kind and name of spec.
func (d *Data) DeclaredAt(spec Spec) Position {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, own := range d.specs {
		if own.spec.Kind() == spec.Kind() && own.spec.Name() == spec.Name() {
			return own.at
		}
	}
	return Position{}
}

// Errs are the mistakes made in declarations so far, each a *[DeclarationError].
func (d *Data) Errs() []error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.errs)
}

// Namespace is the App's name, by which embedded drivers keep Apps apart.
func (d *Data) Namespace() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opts.Namespace
}

// SetNamespace sets it. run.Main does, once the App has been declared and before
// the first operation of a store.
func (d *Data) SetNamespace(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opts.Namespace = name
}

// Now reads the clock.
func (d *Data) Now() time.Time { return d.opts.Now() }

// Rand gives random bytes.
func (d *Data) Rand() io.Reader { return d.opts.Rand }

// Physical is the physical name of a store: the value of its [Variable].
func (d *Data) Physical(spec Spec) (string, bool) { return d.opts.Lookup(Variable(spec)) }

// Lookup reads an environment variable by which a deployed function learns
// something about its stores.
func (d *Data) Lookup(variable string) (string, bool) { return d.opts.Lookup(variable) }

// Observe begins an operation; see [Observer]. Without an observer it costs
// nothing.
func (d *Data) Observe(ctx context.Context, spec Spec, op string) (context.Context, func(error)) {
	observe := d.observe.Load()
	if observe == nil {
		return ctx, nothing
	}
	ctx, done := (*observe)(ctx, Operation{spec, op})
	if done == nil {
		done = nothing
	}
	return ctx, done
}

func nothing(error) {}

// Chooser is a [Driver] that does not open every store of its kind: a kind may
// have several products in AWS, with a driver each.
type Chooser interface {
	Driver
	// Opens reports whether it opens the store.
	Opens(Spec) bool
}

// DriverOf is the first driver that opens stores of spec's kind. D is the kind's
// own driver interface. The error says which driver to give to run.Main.
func DriverOf[D Driver](d *Data, spec Spec) (D, error) {
	for _, driver := range d.drivers {
		if c, ok := driver.(Chooser); ok && !c.Opens(spec) {
			continue
		}
		if driver.Kind() == spec.Kind() {
			if own, ok := driver.(D); ok {
				return own, nil
			}
		}
	}
	var none D
	return none, &Error{
		Store: spec.Kind() + " " + spec.Name(), Op: "open", Kind: ErrUnavailable,
		Err: fmt.Errorf("no driver for stores of kind %s; %s", spec.Kind(), d.opts.Missing(spec)),
	}
}

// Variable is the environment variable that holds the physical name or the
// endpoint of a store in a deployed function: TIERKIT_<KIND>_<NAME>, upper
// case, every other character as "_".
func Variable(spec Spec) string {
	fold := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}
	return "TIERKIT_" + strings.Map(fold, spec.Kind()) + "_" + strings.Map(fold, spec.Name())
}

// CheckName refuses a logical name that is not a letter and up to 63 letters, digits,
// "-" or "_". It is for the kinds.
func CheckName(spec Spec) error {
	name := spec.Name()
	if name == "" || len(name) > 64 || !letter(name[0]) {
		return fmt.Errorf("%s name %q: write a letter and then up to 63 letters, digits, '-' or '_'", spec.Kind(), name)
	}
	for i := range len(name) {
		if c := name[i]; !letter(c) && (c < '0' || c > '9') && c != '-' && c != '_' {
			return fmt.Errorf("%s name %q: %q is not allowed; write a letter and then letters, digits, '-' or '_'", spec.Kind(), name, c)
		}
	}
	return nil
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// Token is the place in a listing where the next page begins: opaque, bound to
// the query that made it, refused with [ErrInvalid] for another. "" is the start.
type Token string

// Page is one page of a listing. Next is "" on the last. It can be answered to a
// client as it is: {"items":[…],"next":"…"}.
type Page[T any] struct {
	Items []T   `json:"items"`
	Next  Token `json:"next,omitempty"`
}
