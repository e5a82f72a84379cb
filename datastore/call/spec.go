package call

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// The limits of Lambda.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	// MaxPayload is what Call sends, and gets, in bytes at most.
	MaxPayload = 6 * 1024 * 1024
	// MaxEvent is what Start sends in bytes at most.
	MaxEvent = 1024 * 1024
)

// Spec says which function is called. It is comparable.
type Spec struct {
	Logical    string // the name in the program: "resize"
	Qualifier  string // a version or an alias; "" for the function as it is
	Idempotent bool   // it may run twice
}

var _ datastore.Spec = Spec{}

// Kind is "call".
func (s Spec) Kind() string { return "call" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// Needs are lambda:InvokeFunction on the function, or on its qualifier and on
// nothing else of it: a grant of the one does not cover the other.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
func (s Spec) Needs(ops []string) []datastore.Need {
	if !slices.Contains(ops, "Call") && !slices.Contains(ops, "Start") {
		return nil
	}
	resource := "function:{name}"
	if s.Qualifier != "" {
		resource += ":" + s.Qualifier
	}
	return []datastore.Need{{Service: "lambda", Actions: []string{"InvokeFunction"}, Resource: resource}}
}

// Option is a part of the declaration of a function.
type Option interface{ declare(*Spec) }

type option func(*Spec)

func (o option) declare(s *Spec) { o(s) }

// Qualifier calls a version or an alias of the function: "live", "7".
func Qualifier(q string) Option {
	return option(func(s *Spec) {
		if s.Qualifier = q; q == "" {
			s.Qualifier = " " // a mistake, and not the lack of one
		}
	})
}

// Idempotent declares that it does no harm if the function runs twice for a call:
// one whose answer was lost is made again, where otherwise it answers
// [datastore.ErrUnknown].
func Idempotent() Option { return option(func(s *Spec) { s.Idempotent = true }) }

var qualifier = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// specOf is the Spec of a declaration, and the mistakes in it.
func specOf(name string, opts []Option) (Spec, []error) {
	s := Spec{Logical: name}
	if err := handle.Apply(opts, func(o Option) { o.declare(&s) }); err != nil {
		return s, []error{fmt.Errorf("call %s: %w", name, err)}
	}
	if s.Qualifier != "" && !qualifier.MatchString(s.Qualifier) {
		return s, []error{fmt.Errorf("call %s: the qualifier %q; write a version or an alias, up to 128 letters, digits, '-' and '_'", name, s.Qualifier)}
	}
	return s, nil
}
