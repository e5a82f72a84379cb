package datastore

import (
	"context"
	"math/bits"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Function is what a handle is granted to: a tier.API (its default function) or
// a tier.Function.
type Function interface {
	// FunctionName is the name by which the function is dispatched. It is
	// constant.
	FunctionName() string
	// AddGrant records a grant.
	AddGrant(*Grant)
}

// Store is a declared store, ready to be granted. The kinds implement it.
type Store interface {
	// Spec says what it is.
	Spec() Spec
	// Capabilities are the interfaces the kind offers, at most 64, in a fixed
	// order.
	Capabilities() []Capability
	// Handle is a value that implements all of them and asks g before each
	// operation.
	Handle(g *Grant) any
}

// Capability is an interface of exactly one method, named after what the method
// does to the store.
type Capability struct {
	Op   string       // the operation as Grant.Ops names it: "Get"
	Type reflect.Type // the interface: table.Getter[T]
}

// Grant records that a function may do some operations to a store.
type Grant struct {
	Function string   // name of the function
	Spec     Spec     // the store
	Ops      []string // operations, in the order of the kind's capabilities
	At       Position // the line of the Use, or of the Allow
	// Allowed are the actions that were allowed by hand, of a grant by [Allow], which
	// has no Ops: "dynamodb:DescribeTable".
	Allowed []string

	allowed uint64 // bit i: the i-th capability
	needs   []Need // of what is Allowed
}

// Use grants the function fn the capabilities that C names and returns the
// store's handle as a C. C is an interface of the application's own that embeds
// capability interfaces of the store's kind, or one of these itself:
//
//	type store interface {
//		table.Getter[Order]
//		table.Creator[Order]
//	}
//	orders := datastore.Use[store](api, table.New[Order](data, "orders"))
//
// The handle belongs to fn: used by another function it answers [ErrDenied].
//
// Use panics with a [*DeclarationError] if C is not an interface, names no
// capability, names one that the kind does not offer (with another item type,
// say), or has methods that are no capability, and if fn or s is nil.
func Use[C any](fn Function, s Store) C {
	want := reflect.TypeFor[C]()
	at := Caller()
	if isNil(fn) || !Declared(s) {
		refuse(at, "datastore.Use["+want.String()+"]: the function or the store is nil, or no constructor made it; write datastore.Use[store](api, table.New[Order](data, \"orders\"))")
	}
	g := &Grant{Function: fn.FunctionName(), Spec: s.Spec(), At: at}
	if want.Kind() != reflect.Interface {
		refuse(g.At, "datastore.Use["+want.String()+"]: not an interface; name the capabilities this function needs in an interface of your own")
	}
	caps := s.Capabilities()
	for i, c := range caps {
		// Implements against a fixed list, never Type.Method: that would make
		// the linker keep every exported method of the program.
		if want.Implements(c.Type) {
			g.allowed |= 1 << i
			g.Ops = append(g.Ops, c.Op)
		}
	}
	h, ok := s.Handle(g).(C)
	if !ok || bits.OnesCount64(g.allowed) != want.NumMethod() || g.allowed == 0 {
		refuse(g.At, refusal(want, s.Spec(), caps, g.Ops))
	}
	fn.AddGrant(g)
	return h
}

// refuse panics with a mistake after which a declaration cannot go on. run.Main
// reports it like the others.
func refuse(at Position, message string) { panic(&DeclarationError{at, message}) }

func isNil(v any) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}

// Declared reports whether a constructor has made a store, a key or a login that an
// application gives: it is neither nil nor the zero value of its type. It is for the
// kinds.
func Declared(v any) bool {
	rv := reflect.ValueOf(v)
	if isNil(v) {
		return false
	}
	empty := rv.Kind() == reflect.Pointer && rv.Elem().Kind() == reflect.Struct && rv.Elem().NumField() > 0 && rv.Elem().IsZero()
	return !empty
}

func refusal(want reflect.Type, spec Spec, caps []Capability, found []string) string {
	offers := make([]string, len(caps))
	for i, c := range caps {
		offers[i] = c.Type.String()
	}
	had := "none of its methods is one of them"
	if len(found) > 0 {
		had = "only " + strings.Join(found, ", ") + " of its " + strconv.Itoa(want.NumMethod()) + " methods are"
	}
	return "datastore.Use[" + want.String() + "]: " + spec.Kind() + " " + spec.Name() +
		" offers " + strings.Join(offers, ", ") + "; " + had + ". Embed only those interfaces, with this item type"
}

// Bit is the operation's place among the kind's capabilities, for [Grant.Check].
type Bit uint8

// Has reports whether the operation is one that was granted.
func (g *Grant) Has(bit Bit) bool { return g.allowed&(1<<bit) != 0 }

// Check is what a handle asks before each operation: whether the function in
// ctx may do op. It answers nil or an [*Error] of kind [ErrDenied] that names
// what is missing. Without a function in ctx only the operation is checked.
func (g *Grant) Check(ctx context.Context, bit Bit, op string) error {
	if !g.Has(bit) {
		return g.denied(op, "function "+g.Function+" was granted "+strings.Join(g.Ops, ", ")+
			" at "+g.At.String()+", not "+op+"; add it to the interface there")
	}
	if name, ok := FunctionFrom(ctx); ok && name != g.Function {
		return g.denied(op, "this handle belongs to function "+g.Function+" ("+g.At.String()+
			") and was used by function "+name+"; grant "+name+" a handle of its own with datastore.Use")
	}
	return nil
}

func (g *Grant) denied(op, why string) error {
	return &Error{
		Store: g.Spec.Kind() + " " + g.Spec.Name(), Op: strings.ToLower(op),
		Kind: ErrDenied, Err: deniedError(why),
	}
}

type deniedError string

func (e deniedError) Error() string { return string(e) }

// Usage is what a function may do to one store, in one scope.
type Usage struct {
	Spec   Spec
	Ops    []string // each once, in the order in which they are granted
	Grants []*Grant // nil for what another store depends on
	For    []Spec   // the stores that depend on it, each once
	// Owner says that it is used for an owner by the role that is assumed for it, as
	// the store that depends on it is: so are its Needs.
	Owner Owner
}

// Usages put grants together, store by store in the order of the first grant.
// The stores that a store depends on follow it.
func Usages(grants []*Grant) []Usage {
	var all []Usage
	for _, g := range grants {
		u := usageOf(&all, Usage{Spec: g.Spec})
		u.add(g.Ops)
		u.Grants = append(u.Grants, g)
	}
	for i := 0; i < len(all); i++ { // all grows
		for _, need := range all[i].Needs() {
			for _, d := range need.Depends {
				own := all[i].Spec
				u := usageOf(&all, Usage{Spec: d.Spec, Owner: need.Owner})
				u.add(d.Ops)
				if !slices.Contains(u.For, own) {
					u.For = append(u.For, own)
				}
			}
		}
	}
	return all
}

func usageOf(all *[]Usage, own Usage) *Usage {
	i := slices.IndexFunc(*all, func(u Usage) bool { return u.Spec == own.Spec && u.Owner == own.Owner })
	if i < 0 {
		i = len(*all)
		*all = append(*all, own)
	}
	return &(*all)[i]
}

func (u *Usage) add(ops []string) {
	for _, op := range ops {
		if !slices.Contains(u.Ops, op) {
			u.Ops = append(u.Ops, op)
		}
	}
}

// Needs are what the function must be granted in AWS for it; what was allowed by
// hand is last.
func (u Usage) Needs() []Need {
	needs := u.Spec.Needs(u.Ops)
	for i := range needs {
		needs[i].Owner |= u.Owner
	}
	for _, g := range u.Grants {
		needs = append(needs, g.needs...)
	}
	return needs
}

// Needs are what the function must be granted in AWS for what was Allowed by hand.
func (g *Grant) Needs() []Need { return g.needs }

type functionKey struct{}

// WithFunction puts the name of the function being run into ctx. The doorway of
// a function, local dispatch and tests do this; applications need not.
func WithFunction(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, functionKey{}, name)
}

// FunctionFrom is the name of the function being run, if one is.
func FunctionFrom(ctx context.Context) (string, bool) {
	name, ok := ctx.Value(functionKey{}).(string)
	return name, ok
}
